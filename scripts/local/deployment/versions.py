"""Versions and aliases, left out: what refers to one refers to the function or the state machine itself.

So a developer's change to a function takes effect at once, also in executions that are running. And MiniStack's
CloudFormation does not know those of state machines, nor CodeDeploy.
"""

from __future__ import annotations

import re
from typing import Any

OF_FUNCTIONS = {"AWS::Lambda::Version", "AWS::Lambda::Alias"}
OF_MACHINES = {"AWS::StepFunctions::StateMachineVersion", "AWS::StepFunctions::StateMachineAlias"}
DEPLOYMENTS = {"AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"}
_LIVE = re.compile(r"(.+)(?:Version[0-9a-f]*|Alias.+)")

Resources = dict[str, Any]


def without_versions(resources: Resources, *, functions: bool) -> Resources:
    """The resources without versions and aliases of state machines and, if `functions`, of functions."""
    left_out = OF_MACHINES | DEPLOYMENTS | (OF_FUNCTIONS if functions else set())
    targets = {
        name: _target(name) for name, each in resources.items() if each["Type"] in left_out - DEPLOYMENTS
    }
    arns = {
        name: {"Fn::GetAtt": [target, "Arn"]} if resources[name]["Type"] in OF_FUNCTIONS else {"Ref": target}
        for name, target in targets.items()
    }
    kept = {name: each for name, each in resources.items() if each["Type"] not in left_out}
    for each in kept.values():
        each.pop("UpdatePolicy", None) if each["Type"] == "AWS::Lambda::Alias" else None
    return {name: _redirected(each, arns) for name, each in kept.items()}


def _target(name: str) -> str:
    """The function or state machine of a version or an alias, by the name that SAM has given it."""
    found = _LIVE.fullmatch(name)
    if not found:
        raise ValueError(f"{name} is no name that SAM gives to a version or an alias")
    return found[1]


def _redirected(value: Any, arns: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"Ref"} and value["Ref"] in arns:
            return arns[value["Ref"]]
        if set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
            return {"Fn::Sub": re.sub(r"\$\{(\w+)\}", lambda found: _in_text(found, arns), value["Fn::Sub"])}
        return {key: _redirected(item, arns) for key, item in value.items()}
    if isinstance(value, list):
        return [_redirected(item, arns) for item in value]
    return value


def _in_text(found: re.Match[str], arns: dict[str, Any]) -> str:
    arn = arns.get(found[1])
    if arn is None:
        return found[0]
    return "${" + (arn["Ref"] if "Ref" in arn else ".".join(arn["Fn::GetAtt"])) + "}"
