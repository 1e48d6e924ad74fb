"""The AWS::Serverless transform, by aws-sam-translator: the code that AWS itself runs."""

from __future__ import annotations

import copy
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from local.deployment import transform_cache
from local.deployment.errors import BrokenTemplate


class _ManagedPolicies:
    """Names of AWS's managed policies are turned into ARNs by rule; no list is fetched."""

    def load(self) -> dict[str, str]:
        return {}


VARYING = {"CdnUrl", "CacheUrl", "CacheSecretArn", "LinkPublicKeyA", "LinkKeySecretArn"}
"""Parameters that differ at each start on one machine. Their values are left to CloudFormation, which puts them in
place of references as the transform does, so that a result serves the next start, too."""


def transformed(template: dict[str, Any], parameters: dict[str, str], region: str) -> dict[str, Any]:
    """The CloudFormation template that `template` becomes. Raises BrokenTemplate."""
    source = copy.deepcopy(template)
    for resource in source["Resources"].values():
        resource.pop("Metadata", None)  # says how to build it, which is done already
    for name, spec in source.get("Parameters", {}).items():
        if name in VARYING:
            spec.pop("Default", None)
    values = {
        name: spec["Default"] for name, spec in source.get("Parameters", {}).items() if "Default" in spec
    }
    values |= {name: value for name, value in parameters.items() if name not in VARYING}
    values |= {"AWS::Region": region, "AWS::Partition": "aws"}
    made_with = [sys.version, *(version(name) for name in ("aws-sam-translator", "boto3"))]
    result = transform_cache.kept(
        Path(sys.prefix) / "transformed",  # beside the translator
        [made_with, source, values, region],
        lambda: _transformed(source, values, region),
    )
    for name in VARYING & template.get("Parameters", {}).keys():
        result["Parameters"][name] = template["Parameters"][name]
    return result


def _transformed(source: dict[str, Any], values: dict[str, str], region: str) -> dict[str, Any]:
    os.environ.setdefault("AWS_DEFAULT_REGION", region)  # the translator asks boto3 for it
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.translator.transform import transform

    try:
        result: dict[str, Any] = transform(source, values, _ManagedPolicies())
    except InvalidDocumentException as error:
        reasons = "; ".join(cause.message for cause in error.causes)
        raise BrokenTemplate(f"the SAM transform refuses the template: {reasons}") from error
    result.pop("Transform", None)
    return result
