"""A Choice rule that compares a path the input doesn't have fails the execution with States.Runtime.

moto takes such a comparison for false and goes on to the next rule, so that a misspelt path looks like a
decision. (IsPresent, and in moto's order the other Is… tests, are for such paths.)
"""

from __future__ import annotations

from typing import Any

from local.patches.patch import Patch


def apply(patch: Patch) -> None:
    """Let the path's own error out, except under IsPresent."""
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
        ComparisonOperatorType,
    )
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import (
        ComparisonVariable,
    )
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable

    def body(self: Any, env: Any) -> None:
        self.variable.eval(env)
        missing = isinstance(env.stack[-1], NoSuchVariable)
        if missing and self.comparison_function.operator_type != ComparisonOperatorType.IsPresent:
            raise ValueError(
                f"Invalid path '{self.variable.string_sampler.literal_value}': the input has no such path"
            )
        self.comparison_function.eval(env)

    patch.set(ComparisonVariable, "_eval_body", body)
