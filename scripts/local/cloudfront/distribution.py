"""What the template says about its distribution, as far as the local edge follows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

API = "api"
RENDITIONS = "renditions"


@dataclass(frozen=True)
class Behaviour:
    """Which origin answers, and which headers and query parameters make up the cache key besides the path.

    `function` is the code of the viewer request's CloudFront Function, or None.
    """

    origin: str
    headers: tuple[str, ...]
    parameters: tuple[str, ...]
    function: str | None


@dataclass(frozen=True)
class Distribution:
    """`behaviours` by path pattern, in the order in which they are tried; `tag_header` names an answer's cache tags."""

    behaviours: tuple[tuple[str, Behaviour], ...]
    default: Behaviour
    tag_header: str

    @classmethod
    def of_template(cls, template: Mapping[str, Any]) -> Distribution:
        """The template's only distribution. Its cache policies are the template's own or, by id, AWS's managed ones."""
        resources = template["Resources"]
        config = next(
            resource["Properties"]["DistributionConfig"]
            for resource in resources.values()
            if resource["Type"] == "AWS::CloudFront::Distribution"
        )

        def behaviour(spec: Mapping[str, Any]) -> Behaviour:
            policy, function = spec["CachePolicyId"], _viewer_request(resources, spec)
            if not isinstance(policy, dict):
                return Behaviour(spec["TargetOriginId"], (), (), function)
            key = resources[policy["Ref"]]["Properties"]["CachePolicyConfig"][
                "ParametersInCacheKeyAndForwardedToOrigin"
            ]
            return Behaviour(
                spec["TargetOriginId"],
                tuple(key["HeadersConfig"].get("Headers", ())),
                tuple(key["QueryStringsConfig"].get("QueryStrings", ())),
                function,
            )

        return cls(
            tuple((spec["PathPattern"], behaviour(spec)) for spec in config.get("CacheBehaviors", ())),
            behaviour(config["DefaultCacheBehavior"]),
            config["CacheTagConfig"]["HeaderName"].lower(),
        )

    def behaviour(self, path: str) -> Behaviour:
        """The behaviour of a viewer's path, as it was sent."""
        return next((found for pattern, found in self.behaviours if fnmatchcase(path, pattern)), self.default)


def _viewer_request(resources: Mapping[str, Any], spec: Mapping[str, Any]) -> str | None:
    for association in spec.get("FunctionAssociations", ()):
        if association["EventType"] == "viewer-request":
            name, _ = association["FunctionARN"]["Fn::GetAtt"]
            code: str = resources[name]["Properties"]["FunctionCode"]
            return code
    return None
