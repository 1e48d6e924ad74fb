"""What `history` shows of one execution beside its states: one state's data, what it cost, another one side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.padding import Padding
from rich.text import Text

from imageservice_operator.cli.output import table, untrusted, untrusted_lines
from imageservice_operator.cli.session import Session
from imageservice_operator.operations import comparison, execution_cost, executions, stories
from imageservice_operator.operations.comparison import Side, Value
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.logs import request_of
from imageservice_operator.operations.stories import Story, Visit
from imageservice_operator.operations.wording import exact


def show_state(session: Session, story: Story, name: str) -> None:
    """Each time that the execution was in the state: "Resize" for all sizes, "Resize thumb" for one of them.

    Raises BadRequest if it was never in it.
    """
    found = [each for each in story.all_visits() if name in (each.state, each.title)]
    if not found:
        entered = ", ".join(dict.fromkeys(each.title for each in story.all_visits()))
        raise BadRequest(f"The execution was not in a state {name}; it was in {entered}.")
    for visit in found:
        data = _data(visit)
        session.emit(data)
        session.show(Text(visit.title, style="bold"), f" {visit.status}, entered {exact(visit.entered)}")
        for part in ("error", "cause", "attempts", "input", "output"):
            if data[part]:
                session.show(f"  {part}")
                text = data[part] if isinstance(data[part], str) else _pretty(data[part])
                session.show(Padding(untrusted_lines(text), (0, 0, 0, 4), expand=False))


def show_cost(session: Session, execution: Execution, events: Sequence[Mapping[str, Any]]) -> None:
    """The execution's bill."""
    bill = execution_cost.bill(session.stack, execution, events)
    session.emit({"execution": execution.arn, **bill.as_json()})
    shown = table("for", "quantity", "dollars", right=("quantity", "dollars"))
    for line in bill.lines:
        shown.add_row(line.name, f"{line.quantity:.4g}", f"{line.dollars:.8f}")
    shown.add_row("all", "", f"{bill.total:.8f}")
    session.show(shown)


def show_comparison(session: Session, execution: Execution, story: Story, other_arn: str) -> None:
    """What differs between the execution and another one."""
    other = executions.describe(session.stack, other_arn)
    other_story = stories.read(executions.history(session.stack, other_arn))
    compared = comparison.compare(execution, story, other, other_story)
    session.emit({"executions": [execution.arn, other.arn], **compared.as_json()})
    shown = table("", "state", "first", "second")
    for state in compared.states:
        shown.add_row(
            "≠" if state.differs else "", untrusted(state.title), _side(state.left), _side(state.right)
        )
    session.show(shown)
    for title, values in (("input", compared.inputs), ("output", compared.outputs)):
        _show_values(session, title, values)


def _show_values(session: Session, title: str, values: Sequence[Value]) -> None:
    if not values:
        return
    shown = table(title, "first", "second")
    for value in values:
        shown.add_row(
            *(untrusted("–" if each is None else each) for each in (value.path, value.left, value.right))
        )
    session.show("", shown)


def _side(side: Side | None) -> Text:
    if side is None:
        return Text("not entered", style="dim")
    tries = f", {side.tries} tries" if side.tries > 1 else ""
    error = f" {side.error}" if side.error else ""
    return untrusted(f"{side.status}, {side.seconds:.2f} s{tries}{error}")


def _data(visit: Visit) -> dict[str, Any]:
    return {
        "state": visit.title,
        "status": visit.status,
        "entered": visit.entered,
        "ended": visit.ended,
        "error": visit.error,
        "cause": _parsed(visit.cause),
        "attempts": [
            {
                "started": exact(each.started),
                "seconds": (each.ended - each.started).total_seconds() if each.ended else None,
                "succeeded": each.succeeded,
                "error": each.error,
                "request": request_of(each),
            }
            for each in visit.attempts
        ],
        "input": _parsed(visit.input),
        "output": _parsed(visit.output),
    }


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
