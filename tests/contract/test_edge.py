"""What the API and the distribution promise in the template: headers, throttles, logs, few cache keys."""

import json
import re
from typing import Any

import pytest

from dev.checks.template import functions, resources, template
from local.cloudfront.distribution import CACHING_DISABLED
from local.deployment.conditions import Conditions
from unrouted.handler import METHODS

CONFIG = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
WITH_LINKS = {"LinkPublicKeyA": "a"}


def behaviors(given: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Conditions(template(), given).without_ifs(CONFIG["CacheBehaviors"])
    return found


BEHAVIORS = {"default": CONFIG["DefaultCacheBehavior"]} | {
    behavior["PathPattern"]: behavior for behavior in behaviors(WITH_LINKS)
}
each_behavior = pytest.mark.parametrize("path", BEHAVIORS)


def api() -> dict[str, Any]:
    properties: dict[str, Any] = resources("AWS::Serverless::HttpApi")["HttpApi"]["Properties"]
    return properties


@each_behavior
def test_every_behavior_has_the_response_headers_and_the_functions(path: str) -> None:
    behavior = BEHAVIORS[path]
    assert behavior["ResponseHeadersPolicyId"] == {"Ref": "ResponseHeaders"}
    on_request, on_response = BEHAVIORS["default"]["FunctionAssociations"]
    # A rendition is fresh for a year, so its age does not matter; nothing else of these is stored.
    ageless = path in ("/renditions/*", "/uploads/*", "/signed/*", "/signed/renditions/*")
    expected = [on_request] if ageless else [on_request, on_response]
    if path.endswith("/downloads/*"):  # as ageless as the rendition that it is
        name = {
            "EventType": "viewer-response",
            "FunctionARN": {"Fn::GetAtt": ["NameDownload", "FunctionARN"]},
        }
        expected = [on_request, name]
    assert behavior["FunctionAssociations"] == expected
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"


def test_metadata_are_compressed_and_redirects_have_no_key_for_each_encoding() -> None:
    policies = {
        name: policy["Properties"]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
        for name, policy in resources("AWS::CloudFront::CachePolicy").items()
    }
    encodings = {
        name: (key["EnableAcceptEncodingGzip"], key["EnableAcceptEncodingBrotli"])
        for name, key in policies.items()
    }
    assert encodings == {"MetadataCachePolicy": (True, True), "RedirectCachePolicy": (False, False)}
    assert BEHAVIORS["/metadata/*"]["Compress"] is True
    assert BEHAVIORS["/metadata/*"]["CachePolicyId"] == {"Ref": "MetadataCachePolicy"}


def test_every_route_that_writes_has_the_stricter_throttle() -> None:
    writers = functions()["UploadsFunction"], functions()["UpdateMetadataFunction"]
    events = [event for function in writers for event in function["Events"].values()]
    writing = {f"{event['Properties']['Method']} {event['Properties']['Path']}" for event in events}
    assert api()["RouteSettings"].keys() == writing
    assert {json.dumps(settings) for settings in api()["RouteSettings"].values()} == {
        json.dumps(
            {limit: {"Ref": "WritesPerSecond"} for limit in ("ThrottlingRateLimit", "ThrottlingBurstLimit")}
        )
    }
    parameters = template()["Parameters"]
    assert parameters["WritesPerSecond"]["Default"] < parameters["ReadsPerSecond"]["Default"]


def test_a_line_of_the_apis_log_is_json() -> None:
    _, settings, _ = api()["AccessLogSettings"]["Fn::If"]
    line = json.loads(settings["Format"])
    assert line["ip"] == "$context.identity.sourceIp"
    assert all(value.startswith("$context.") for value in line.values())


def sent_and_believed(edge_secret: str) -> tuple[str, list[str]]:
    """The secret that CloudFront sends to the API, and those that the reader believes, by their logical ids."""
    conditions = Conditions(template(), {"EdgeSecret": edge_secret})
    origin = next(each for each in CONFIG["Origins"] if each["Id"] == "api")
    (header,) = conditions.without_ifs(origin["OriginCustomHeaders"])
    assert header["HeaderName"] == "x-edge-secret"
    _, believed = conditions.without_ifs(functions()["ReaderFunction"]["Environment"]["Variables"])[
        "EDGE_SECRETS"
    ]["Fn::Join"]
    return secret(header["HeaderValue"]), [secret(each) for each in believed]


def secret(reference: dict[str, str]) -> str:
    found = re.fullmatch(r"\{\{resolve:secretsmanager:\$\{(\w+)\}\}\}", reference["Fn::Sub"])
    assert found
    return found[1]


STEPS = template()["Parameters"]["EdgeSecret"]["AllowedValues"]


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_step_of_the_rotation_refuses_no_read(step: int) -> None:
    """The reader is updated before the distribution, whose edges take minutes: both old and new must be believed."""
    sent_before, _ = sent_and_believed(STEPS[step - 1])
    sent, believed = sent_and_believed(STEPS[step])
    assert {sent_before, sent} <= set(believed)


@pytest.mark.parametrize("step", STEPS)
def test_the_secrets_that_are_believed_are_those_that_exist(step: str) -> None:
    conditions = Conditions(template(), {"EdgeSecret": step})
    made = {
        name
        for name, resource in resources("AWS::SecretsManager::Secret").items()
        if conditions.holds(resource["Condition"])
    }
    assert made == set(sent_and_believed(step)[1])


def test_a_whole_rotation_leaves_no_secret_that_was_there_before() -> None:
    assert {step: sent_and_believed(step)[1] for step in ("first", "second")} == {
        "first": ["FirstEdgeSecret"],
        "second": ["SecondEdgeSecret"],
    }


def test_the_methods_of_a_405_are_those_of_the_routes() -> None:
    routes: dict[str, list[str]] = {}
    for function in functions().values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "HttpApi" and "Path" in event["Properties"]:
                path = event["Properties"]["Path"].partition("{")[0]
                routes.setdefault(path, []).append(event["Properties"]["Method"])
    assert {path: set(methods) for path, methods in routes.items()} == {
        path: set(methods) for path, methods in METHODS.items()
    }


def test_a_rendition_that_the_bucket_lacks_is_looked_for_at_the_api() -> None:
    (group,) = CONFIG["OriginGroups"]["Items"]
    assert BEHAVIORS["/renditions/*"]["TargetOriginId"] == group["Id"]
    assert group["FailoverCriteria"]["StatusCodes"]["Items"] == [403, 404]
    primary, secondary = (member["OriginId"] for member in group["Members"]["Items"])
    origins = {origin["Id"]: origin for origin in CONFIG["Origins"]}
    assert primary == "renditions"
    assert origins[secondary]["DomainName"] == origins["api"]["DomainName"]
    assert origins[secondary]["OriginPath"] == "/renditions"


def test_private_renditions_are_served_by_signed_urls_alone_and_nothing_private_is_stored() -> None:
    paths = [path for path in BEHAVIORS if path.startswith("/signed")]
    # The first that matches applies.
    assert paths == ["/signed/renditions/*", "/signed/downloads/*", "/signed/*"]
    for path in paths[:2]:
        assert BEHAVIORS[path]["TrustedKeyGroups"] == [{"Ref": "LinkKeys"}]
    assert {BEHAVIORS[path]["CachePolicyId"] for path in paths} == {CACHING_DISABLED}


def test_without_keys_private_renditions_are_at_the_api_which_has_none() -> None:
    private = [each for each in behaviors({}) if each["PathPattern"].startswith("/signed")]
    assert [(each["PathPattern"], each["TargetOriginId"], each["CachePolicyId"]) for each in private] == [
        ("/signed/*", "api", CACHING_DISABLED)
    ]
