"""The AWS::Serverless transform, by aws-sam-translator: the code that AWS itself runs."""

from __future__ import annotations

import copy
import os
from typing import Any

from local.deployment.errors import BrokenTemplate


class _ManagedPolicies:
    """Names of AWS's managed policies are turned into ARNs by rule; no list is fetched."""

    def load(self) -> dict[str, str]:
        return {}


def transformed(template: dict[str, Any], parameters: dict[str, str], region: str) -> dict[str, Any]:
    """The CloudFormation template that `template` becomes. Raises BrokenTemplate."""
    os.environ.setdefault("AWS_DEFAULT_REGION", region)  # the translator asks boto3 for it
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.translator.transform import transform

    values = {
        name: spec["Default"] for name, spec in template.get("Parameters", {}).items() if "Default" in spec
    }
    values |= parameters | {"AWS::Region": region, "AWS::Partition": "aws"}
    source = copy.deepcopy(template)
    for resource in source["Resources"].values():
        resource.pop("Metadata", None)  # says how to build it, which is done already
    try:
        result: dict[str, Any] = transform(source, values, _ManagedPolicies())
    except InvalidDocumentException as error:
        reasons = "; ".join(cause.message for cause in error.causes)
        raise BrokenTemplate(f"the SAM transform refuses the template: {reasons}") from error
    result.pop("Transform", None)
    return result
