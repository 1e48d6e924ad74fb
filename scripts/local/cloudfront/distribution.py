"""What the template says of its distribution, as far as it is played here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

API = "api"
RENDITIONS = "renditions"


@dataclass(frozen=True)
class Behaviour:
    """Which origin answers, and by which headers and query parameters answers are told apart."""

    origin: str
    headers: tuple[str, ...]
    parameters: tuple[str, ...]


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
            policy = spec["CachePolicyId"]
            if not isinstance(policy, dict):
                return Behaviour(spec["TargetOriginId"], (), ())
            key = resources[policy["Ref"]]["Properties"]["CachePolicyConfig"][
                "ParametersInCacheKeyAndForwardedToOrigin"
            ]
            return Behaviour(
                spec["TargetOriginId"],
                tuple(key["HeadersConfig"].get("Headers", ())),
                tuple(key["QueryStringsConfig"].get("QueryStrings", ())),
            )

        return cls(
            tuple((spec["PathPattern"], behaviour(spec)) for spec in config.get("CacheBehaviors", ())),
            behaviour(config["DefaultCacheBehavior"]),
            config["CacheTagConfig"]["HeaderName"].lower(),
        )

    def behaviour(self, path: str) -> Behaviour:
        """The behaviour of a viewer's path, as it was sent."""
        return next((found for pattern, found in self.behaviours if fnmatchcase(path, pattern)), self.default)
