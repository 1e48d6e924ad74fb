"""A Choice rule that compares a path the input doesn't have fails the execution with States.Runtime.

moto takes such a comparison for false and goes on to the next rule, so that a misspelt path looks like a decision.
(IsPresent, and in moto's order the other Is… tests, are for such paths.)

Upstream: moto, `moto/stepfunctions/parser/asl/component/state/choice/comparison/comparison_variable.py`.
`ComparisonVariable._eval_body` would raise where the variable is `NoSuchVariable`, except under IsPresent.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import (
    ComparisonVariable,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable

from local.patches.patch import replace


def apply() -> None:
    """Let the path's own error out, except under IsPresent."""
    replace(ComparisonVariable, "_eval_body", eval_body)


def eval_body(self: ComparisonVariable, env: Any) -> None:
    """Compare; a path that the input doesn't have is an error."""
    self.variable.eval(env)
    missing = isinstance(env.stack[-1], NoSuchVariable)
    if missing and self.comparison_function.operator_type != ComparisonOperatorType.IsPresent:
        path = self.variable.string_sampler.literal_value
        raise ValueError(f"Invalid path '{path}': the input has no such path")
    self.comparison_function.eval(env)
