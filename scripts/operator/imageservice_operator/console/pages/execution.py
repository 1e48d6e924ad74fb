"""One execution: its workflow drawn with each state colored by what happened, a timeline, events, and what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError
from starlette.requests import Request
from starlette.responses import Response

from imageservice.failures.advice import advice_on
from imageservice_operator.console.context import RUNNING_REFRESH_S, Context, context_of, render, required
from imageservice_operator.console.workflow import definition, layout, timeline
from imageservice_operator.operations import audit, executions, stories
from imageservice_operator.operations.executions import RUNNING
from imageservice_operator.operations.stories import Story

EVENTS_SHOWN = 500  # the newest; an execution of ProcessImage has about 150
ACTS_SHOWN = 20
LONG_HISTORY_REFRESH_S = 2  # reading a history takes a call per 1,000 events


@dataclass(frozen=True)
class Event:
    """One event of the history. `seconds` counts from the start; `details` is empty for events without any."""

    id: int
    type: str
    state: str
    at: datetime
    seconds: float
    details: Any
    failed: bool


def page(request: Request) -> Response:
    """The execution with the ARN `arn`."""
    context, arn = context_of(request), required(request, "arn")
    described = executions.describe(context.stack, arn)
    events = executions.history(context.stack, arn)
    story = stories.read(events)
    drawing, comments = _drawn(context, arn)
    failure = described.failure
    return render(
        request,
        "execution.html",
        section="images",
        execution=described,
        failure=failure,
        advice=advice_on(failure["name"], failure["cause"]) if failure else None,
        failed_state=next(
            (each.state for each in reversed([*story.all_visits()]) if each.status == "failed"), ""
        ),
        story=story,
        drawing=drawing,
        comments=comments,
        boxes=timeline.box_states(story),
        taken=timeline.transitions_taken(story),
        first_visit={visit.state: visit.id for visit in reversed([*story.all_visits()])},
        timeline=timeline.timeline(story, datetime.now(UTC)),
        acts=audit.of_execution(context.stack, arn, described.image_id, limit=ACTS_SHOWN),
        events=_events(events, story)[-EVENTS_SHOWN:],
        earlier=max(len(events) - EVENTS_SHOWN, 0),
        refresh=(LONG_HISTORY_REFRESH_S if len(events) > EVENTS_SHOWN else RUNNING_REFRESH_S)
        if described.status == RUNNING
        else 0,
    )


def _drawn(context: Context, arn: str) -> tuple[layout.Drawing | None, Mapping[str, str]]:
    """The drawing of the execution's own definition, and its states' comments. The drawing is None if the definition
    can't be read or drawn."""
    try:
        return _layout(json.dumps(executions.definition(context.stack, arn)))
    except (ClientError, ValueError):
        return None, {}


@lru_cache(maxsize=32)
def _layout(text: str) -> tuple[layout.Drawing, Mapping[str, str]]:
    machine = definition.read(text)
    return layout.draw(machine), dict(_comments(machine))


def _comments(machine: definition.Machine) -> Sequence[tuple[str, str]]:
    found = []
    for name, state in machine.states.items():
        found.append((name, state.comment))
        for inner in state.machines:
            found += _comments(inner)
    return found


def _events(events: Sequence[Mapping[str, Any]], story: Story) -> list[Event]:
    start = events[0]["timestamp"] if events else datetime.now(UTC)
    return [
        Event(
            id=each["id"],
            type=each["type"],
            state=story.state_of.get(each["id"], ""),
            at=each["timestamp"],
            seconds=(each["timestamp"] - start).total_seconds(),
            details={
                name: value for name, value in stories.details(each).items() if not _is_noise(name, value)
            },
            failed="Failed" in each["type"] or "TimedOut" in each["type"] or "Aborted" in each["type"],
        )
        for each in events
    ]


def _is_noise(name: str, value: Any) -> bool:
    """Whether a detail only says that the event is complete."""
    return name.endswith("Details") and isinstance(value, Mapping) and set(value) <= {"truncated", "included"}
