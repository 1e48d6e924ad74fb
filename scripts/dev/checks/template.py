"""The SAM template as plain data, and sample values for what CloudFormation would fill in."""

import re
from functools import cache
from typing import Any

from dev.checks import ROOT
from local.deployment.source import parse

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "image-service",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/image-service/1",
    "AWS::NoValue": "",
}
ARN_SERVICES = {
    "Function": "lambda",
    "StateMachine": "states",
    "Bucket": "s3",
    "Topic": "sns",
    "Queue": "sqs",
}


@cache
def template() -> dict[str, Any]:
    """The whole of template.yaml."""
    loaded: dict[str, Any] = parse((ROOT / "template.yaml").read_text())
    return loaded


def resources(*types: str) -> dict[str, dict[str, Any]]:
    """The resources of these types (all without), by logical id."""
    return {name: r for name, r in template()["Resources"].items() if not types or r["Type"] in types}


def functions() -> dict[str, dict[str, Any]]:
    """Each function's properties, the template's Globals merged in as SAM does it, by logical id."""
    common = template().get("Globals", {}).get("Function", {})
    return {
        name: _merged(common, resource["Properties"])
        for name, resource in resources("AWS::Serverless::Function").items()
    }


def state_machines() -> dict[str, dict[str, Any]]:
    """Each state machine's properties, by logical id."""
    return {
        name: resource["Properties"] for name, resource in resources("AWS::Serverless::StateMachine").items()
    }


def _merged(common: Any, own: Any) -> Any:
    if isinstance(common, dict) and isinstance(own, dict):
        return {key: _merged(common.get(key), own.get(key, common.get(key))) for key in {**common, **own}}
    return own


def sample(value: Any) -> str:
    """A value that CloudFormation could insert for `value`: defaults for parameters, true for conditions."""
    if not isinstance(value, dict):
        return str(value)
    (function, argument), *_ = value.items()
    if function == "Ref":
        return _sample_ref(argument)
    if function == "Fn::GetAtt":
        return _sample_attribute(*argument)
    if function == "Fn::If":
        return sample(argument[1])
    if function == "Fn::Sub":
        text, names = argument if isinstance(argument, list) else (argument, {})
        return re.sub(r"\$\{([^}!]+)\}", lambda found: _sample_name(found[1].strip(), names), text)
    return "sample"


def _sample_name(name: str, names: dict[str, Any]) -> str:
    if name in names:
        return sample(names[name])
    return _sample_attribute(*name.split(".", 1)) if "." in name else _sample_ref(name)


def _sample_ref(name: str) -> str:
    if name in PSEUDO:
        return PSEUDO[name]
    if name in template().get("Parameters", {}):
        return str(template()["Parameters"][name].get("Default", ""))
    if name.endswith(".Version"):  # SAM's, of a function: its ARN with a number
        return f"{_sample_attribute(name.removesuffix('.Version'), 'Arn')}:1"
    kind = template()["Resources"][name]["Type"]
    return _sample_attribute(name, "Arn") if kind.endswith(("StateMachine", "Topic")) else name


def _sample_attribute(name: str, attribute: str) -> str:
    if "Arn" not in attribute:
        return f"{name}-{attribute}"
    kind = template()["Resources"][name]["Type"].rpartition("::")[2]
    path = {"Function": f"function:{name}", "StateMachine": f"stateMachine:{name}"}.get(kind, name)
    return f"arn:aws:{ARN_SERVICES.get(kind, kind.lower())}:us-east-1:123456789012:{path}"
