"""What the template says about its distribution, as far as the local edge follows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from local.deployment.conditions import Conditions

API = "api"
RENDITIONS = "renditions"
# AWS's managed policies, by the ids that it publishes:
# docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


@dataclass(frozen=True)
class ResponseHeaders:
    """A response headers policy: `added` unless the origin sent the header, `overridden` in any case.

    `cors` is added unless the origin sent the header, to answers to requests with an Origin. Names are in lower case.
    Source: docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
    """

    added: Mapping[str, str] = field(default_factory=dict)
    overridden: Mapping[str, str] = field(default_factory=dict)
    cors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_config(cls, config: Mapping[str, Any]) -> ResponseHeaders:
        """The policy of a ResponseHeadersPolicyConfig. Raises ValueError for what no simulation is written for."""
        headers: dict[bool, dict[str, str]] = {False: {}, True: {}}
        for name, setting in config.get("SecurityHeadersConfig", {}).items():
            header, value = _security_header(name, setting)
            headers[setting["Override"]][header] = value
        for item in config.get("CustomHeadersConfig", {}).get("Items", ()):
            headers[item["Override"]][item["Header"].lower()] = item["Value"]
        cors: dict[str, str] = {}
        if settings := config.get("CorsConfig"):
            if settings["AccessControlAllowOrigins"]["Items"] != ["*"] or settings["OriginOverride"]:
                raise ValueError(
                    "the local edge knows only CORS for any origin, which the origin may override"
                )
            cors["access-control-allow-origin"] = "*"
        return cls(headers[False], headers[True], cors)

    def for_answer(self, sent: Mapping[str, str], *, has_origin: bool) -> dict[str, str]:
        """The headers of an answer that the origin `sent`, to a request with or without an Origin."""
        return {**self.added, **(self.cors if has_origin else {}), **sent, **self.overridden}


def _security_header(name: str, setting: Mapping[str, Any]) -> tuple[str, str]:
    if name == "ContentTypeOptions":
        return "x-content-type-options", "nosniff"
    if name == "StrictTransportSecurity":
        value = f"max-age={setting['AccessControlMaxAgeSec']}"
        value += "; includeSubDomains" if setting.get("IncludeSubdomains") else ""
        return "strict-transport-security", value + ("; preload" if setting.get("Preload") else "")
    raise ValueError(f"the local edge does not know the security header {name}")


@dataclass(frozen=True)
class Failover:
    """If an origin answers with one of `statuses`, another one answers: what is at `path` and the request's path."""

    statuses: frozenset[int]
    origin: str
    path: str


@dataclass(frozen=True)
class Behavior:
    """Which origin answers, and which headers and query parameters make up the cache key besides the path.

    `function` and `response_function` are the code of the CloudFront Functions of the viewer's request and of the
    response to it, or None. `stores` is whether answers are stored at all. `forwards_query` is whether the origin sees
    the whole query, or only the parameters in the key. `signed` is whether it answers signed URLs alone.
    """

    origin: str
    headers: tuple[str, ...]
    parameters: tuple[str, ...]
    function: str | None
    response_headers: ResponseHeaders = ResponseHeaders()
    response_function: str | None = None
    stores: bool = True
    forwards_query: bool = False
    failover: Failover | None = None
    signed: bool = False


@dataclass(frozen=True)
class Distribution:
    """`behaviors` by path pattern, in the order in which they are tried; `tag_header` names an answer's cache tags."""

    behaviors: tuple[tuple[str, Behavior], ...]
    default: Behavior
    tag_header: str

    @classmethod
    def of_template(
        cls, template: Mapping[str, Any], parameters: Mapping[str, str] | None = None
    ) -> Distribution:
        """The template's only distribution. Its cache policies are the template's own or AWS's managed ones (by id).

        `parameters` are those that don't have their defaults.
        """
        resources = template["Resources"]
        codes = function_codes(template, parameters or {})
        config = Conditions(template, parameters or {}).without_ifs(
            next(
                resource["Properties"]["DistributionConfig"]
                for resource in resources.values()
                if resource["Type"] == "AWS::CloudFront::Distribution"
            )
        )

        def behavior(spec: Mapping[str, Any]) -> Behavior:
            headers, parameters = _cache_key(resources, spec["CachePolicyId"])
            origin, failover = _origin(config, spec["TargetOriginId"])
            return Behavior(
                origin,
                headers,
                parameters,
                _function(codes, spec, "viewer-request"),
                _response_headers(resources, spec),
                _function(codes, spec, "viewer-response"),
                spec["CachePolicyId"] != CACHING_DISABLED,
                _forwards_query(spec),
                failover,
                "TrustedKeyGroups" in spec,
            )

        return cls(
            tuple((spec["PathPattern"], behavior(spec)) for spec in config.get("CacheBehaviors", ())),
            behavior(config["DefaultCacheBehavior"]),
            config["CacheTagConfig"]["HeaderName"].lower(),
        )

    def behavior(self, path: str) -> Behavior:
        """The behavior for a viewer's path, as it was sent."""
        return next((found for pattern, found in self.behaviors if fnmatchcase(path, pattern)), self.default)


def _response_headers(resources: Mapping[str, Any], spec: Mapping[str, Any]) -> ResponseHeaders:
    """The template's own policy; AWS's managed ones are not known here."""
    policy = spec.get("ResponseHeadersPolicyId")
    if policy is None:
        return ResponseHeaders()
    return ResponseHeaders.of_config(resources[policy["Ref"]]["Properties"]["ResponseHeadersPolicyConfig"])


def _origin(config: Mapping[str, Any], target: str) -> tuple[str, Failover | None]:
    """The id of the origin, and what stands in for it if the target is a group of two.

    Of origins with the same domain, the first one's id stands for all.
    """
    groups = {group["Id"]: group for group in config.get("OriginGroups", {}).get("Items", ())}
    if target not in groups:
        return target, None
    primary, secondary = (member["OriginId"] for member in groups[target]["Members"]["Items"])
    origins = {origin["Id"]: origin for origin in config["Origins"]}
    other = origins[secondary]
    first = next(name for name, each in origins.items() if each["DomainName"] == other["DomainName"])
    statuses = frozenset(groups[target]["FailoverCriteria"]["StatusCodes"]["Items"])
    return primary, Failover(statuses, first, other.get("OriginPath", ""))


def _forwards_query(spec: Mapping[str, Any]) -> bool:
    """Whether the behavior has the origin request policy that passes on everything but the host."""
    policy = spec.get("OriginRequestPolicyId")
    if policy not in (None, ALL_VIEWER_EXCEPT_HOST_HEADER):
        raise ValueError(f"the local edge does not know the origin request policy {policy}")
    return policy is not None


def _cache_key(resources: Mapping[str, Any], policy: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The headers and the parameters of the cache policy; AWS's managed ones that are in use have neither."""
    if not isinstance(policy, dict):
        return (), ()
    config = resources[policy["Ref"]]["Properties"]["CachePolicyConfig"]
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    return (
        tuple(key["HeadersConfig"].get("Headers", ())),
        tuple(key["QueryStringsConfig"].get("QueryStrings", ())),
    )


def function_codes(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
    """The code of each CloudFront Function of the template, by the resource's name, with the parameters in it."""
    decided = Conditions(template, parameters).decided
    codes = {
        name: decided(resource["Properties"]["FunctionCode"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudFront::Function"
    }
    return {
        name: code if isinstance(code, str) else _joined(*code["Fn::Join"]) for name, code in codes.items()
    }


def _joined(separator: str, parts: list[Any]) -> str:
    return separator.join(",".join(map(str, part)) if isinstance(part, list) else str(part) for part in parts)


def _function(codes: Mapping[str, str], spec: Mapping[str, Any], event_type: str) -> str | None:
    for association in spec.get("FunctionAssociations", ()):
        if association["EventType"] == event_type:
            return codes[association["FunctionARN"]["Fn::GetAtt"][0]]
    return None
