"""What the API and the distribution promise in the template: headers, throttles, logs, few cache keys."""

import json
from typing import Any

import pytest

from dev.checks.template import functions, resources, template

CONFIG = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
BEHAVIORS = {"default": CONFIG["DefaultCacheBehavior"]} | {
    behavior["PathPattern"]: behavior for behavior in CONFIG["CacheBehaviors"]
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
    # A rendition is fresh for a year, so its age does not matter.
    expected = [on_request] if path == "/renditions/*" else [on_request, on_response]
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
    events = functions()["UploadsFunction"]["Events"].values()
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
