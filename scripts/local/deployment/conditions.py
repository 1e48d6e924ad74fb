"""A template's conditions, decided for given parameters, so that `Fn::If` can be resolved before deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_VALUE = {"Ref": "AWS::NoValue"}


class Conditions:
    """The conditions of one template under given parameters (its defaults for those not given)."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._definitions = template.get("Conditions") or {}
        declared = template.get("Parameters") or {}
        self._numbers = {name for name, spec in declared.items() if spec.get("Type") == "Number"}
        self._values = {name: spec["Default"] for name, spec in declared.items() if "Default" in spec} | dict(
            parameters
        )

    def holds(self, name: str) -> bool:
        """Whether the condition of that name is true."""
        return self.decide(self._definitions[name])

    def makes(self, resource: Mapping[str, Any]) -> bool:
        """Whether the stack has the resource: it has no condition, or one that is true."""
        return "Condition" not in resource or self.holds(resource["Condition"])

    def decide(self, expression: Any) -> bool:
        """Whether the expression, of a condition or of a rule, is true."""
        return bool(self._value(expression))

    def without_ifs(self, value: Any) -> Any:
        """`value` with each `Fn::If` in it replaced by the side that applies; AWS::NoValue is removed."""
        if isinstance(value, dict):
            if set(value) == {"Fn::If"}:
                name, yes, no = value["Fn::If"]
                return self.without_ifs(yes if self.holds(name) else no)
            kept = {key: self.without_ifs(item) for key, item in value.items()}
            return {key: item for key, item in kept.items() if item != NO_VALUE or value == NO_VALUE}
        if isinstance(value, list):
            return [item for item in map(self.without_ifs, value) if item != NO_VALUE]
        return value

    def decided(self, value: Any) -> Any:
        """`value` without `Fn::If`, and with parameters' values in place of references to them."""
        if isinstance(value, dict):
            if set(value) == {"Ref"} and value["Ref"] in self._values:
                found = self._value(value)
                return int(found) if value["Ref"] in self._numbers else found
            if set(value) == {"Fn::If"}:
                return self.decided(self.without_ifs(value))
            return {key: self.decided(item) for key, item in self.without_ifs(value).items()}
        if isinstance(value, list):
            return [self.decided(item) for item in self.without_ifs(value)]
        return value

    def _value(self, expression: Any) -> Any:
        if not isinstance(expression, dict):
            return expression
        ((function, argument),) = expression.items()
        if function == "Ref":
            value = self._values.get(argument, "")
            return value.split(",") if isinstance(value, str) and "," in value else value
        if function == "Condition":
            return self.holds(argument)
        if function == "Fn::Equals":
            left, right = map(self._value, argument)
            return str(left) == str(right)
        if function == "Fn::Not":
            return not self._value(argument[0])
        if function == "Fn::And":
            return all(map(self._value, argument))
        if function == "Fn::Or":
            return any(map(self._value, argument))
        if function == "Fn::Join":
            parts = self._value(argument[1])
            return argument[0].join(map(str, parts if isinstance(parts, list) else [parts]))
        raise ValueError(f"a condition uses {function}, which can't be decided before deployment")
