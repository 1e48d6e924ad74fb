"""JSONata is evaluated by jsonata-python, with variables bound as values.

moto has no evaluator (it calls None), writes variables into the expression's text, where a quote or a backslash in a
string breaks it, and lacks `$hash`, `$uuid` and a `$parse` of JSON.

Upstream: moto, `moto/stepfunctions/parser/asl/component/common/string/string_expression.py`. `_eval_body` of
`StringJSONata` and `StringVariableSample` would hand expression and bindings to one function, which a host can set,
instead of composing text in `moto/stepfunctions/parser/asl/jsonata/`.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)

from local.patches.patch import replace
from local.stepfunctions import jsonata


def apply() -> None:
    """Replace the two places where expressions are evaluated."""
    replace(StringJSONata, "_eval_body", expression_body)
    replace(StringVariableSample, "_eval_body", sample_body)


def expression_body(self: StringJSONata, env: Any) -> None:
    """Put the value of an expression onto the stack."""
    _evaluate(self.expression, env, with_states=True)


def sample_body(self: StringVariableSample, env: Any) -> None:
    """Put the value of a variable onto the stack."""
    _evaluate(self.expression, env, self.query_language_mode == QueryLanguageMode.JSONata)


def _evaluate(expression: str, env: Any, with_states: bool) -> None:
    bindings = {**env.variable_store._outer_scope, **env.variable_store._inner_scope}
    if with_states:
        bindings["states"] = {
            name: value
            for name, value in env.states._states_data.items()
            if value is not None or name not in ("result", "errorOutput")
        }
    try:
        env.stack.append(jsonata.evaluate(expression, bindings))
    except jsonata.EvaluationError as error:
        raise _failure(env, str(error)) from error


def _failure(env: Any, cause: str) -> FailureEventException:
    """States.QueryEvaluationError, which the history has as EvaluationFailed."""
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details = {"cause": cause, "error": name.error_name}
    if "State" in env.states.context_object.context_object_data:
        details["state"] = env.states.context_object.context_object_data["State"]["Name"]
    event: Any = {"evaluationFailedEventDetails": details}
    kind = HistoryEventType.EvaluationFailed
    env.event_manager.add_event(env.event_history_context, kind, event)
    return FailureEventException(FailureEvent(env=env, error_name=name, event_type=kind, event_details=event))
