"""Checks parameters as CloudFormation does before it makes anything: each by its constraints, all by the Rules.

MiniStack checks neither, so a half-set parameter would fail here later, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.deployment.conditions import Conditions


class ParametersRefused(Exception):
    """Values that the template refuses; the message has a sentence for each."""


def check(template: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Raises ParametersRefused unless the template accepts `given`, with its defaults for the rest."""
    refused = [
        sentence
        for name, declared in (template.get("Parameters") or {}).items()
        if (sentence := _refusal(name, declared, str(given.get(name, declared.get("Default", "")))))
    ]
    if refused:  # rules are about values that are valid by themselves
        raise ParametersRefused("\n".join(refused))
    conditions = Conditions(template, given)
    broken = [
        assertion["AssertDescription"]
        for rule in (template.get("Rules") or {}).values()
        if "RuleCondition" not in rule or conditions.decide(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not conditions.decide(assertion["Assert"])
    ]
    if broken:
        raise ParametersRefused("\n".join(broken))


def _refusal(name: str, declared: Mapping[str, Any], value: str) -> str:
    """Why the value is refused, in a sentence; empty if it is accepted."""
    if "AllowedValues" in declared and value not in map(str, declared["AllowedValues"]):
        return f"{name}={value}: must be one of {', '.join(map(str, declared['AllowedValues']))}."
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], value):
        wish = declared.get("ConstraintDescription", f"must match {declared['AllowedPattern']}")
        return f"{name}={value}: {wish}."
    if declared["Type"] != "Number":
        return ""
    if not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return f"{name}={value}: must be a number."
    least, most = declared.get("MinValue"), declared.get("MaxValue")
    if (least is not None and float(value) < least) or (most is not None and float(value) > most):
        bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
        return f"{name}={value}: must be a number {bounds}."
    return ""
