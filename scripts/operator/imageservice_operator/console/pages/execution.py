"""One execution: its workflow drawn with each state colored by what happened, a timeline, events, and what to do.

A state or an event that is opened has a panel of its own: its input, output, error and attempts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError
from starlette.requests import Request
from starlette.responses import Response

from imageservice.failures.advice import advice_on
from imageservice.failures.failed_execution import message_in, stack_trace_in
from imageservice_operator.console import urls
from imageservice_operator.console.context import (
    RUNNING_REFRESH_S,
    Context,
    context_of,
    permitted,
    render,
    required,
)
from imageservice_operator.console.pages import execution_events
from imageservice_operator.console.workflow import definition, layout, timeline
from imageservice_operator.operations import audit, execution_cost, executions, images, map_runs, stories
from imageservice_operator.operations.errors import ImageNotFound
from imageservice_operator.operations.executions import RUNNING, Execution
from imageservice_operator.operations.logs import frames, function_of
from imageservice_operator.operations.stories import Status, Story, Visit

LONG_HISTORY = 500  # events; reading a history takes a call per 1,000
LONG_HISTORY_REFRESH_S = 2
ACTS_SHOWN = 20
ROWS_SHOWN = 50  # the last ones of the timeline; an execution of ProcessImage has about 20
_FIELDS = ("visit", "event", "type", "state", "q", "from", "cost")
_WORST: Sequence[Status] = ("failed", "running", "waiting", "aborted", "caught", "succeeded")


def page(request: Request) -> Response:
    """The execution with the ARN `arn`.

    Optional: `visit` or `event` is the number of what is opened; `type`, `state`, `q` and `from` choose events; `cost`
    adds up what it cost.
    """
    context, arn = context_of(request), required(request, "arn")
    chosen = {name: request.query_params.get(name, "") for name in _FIELDS}
    described = executions.describe(context.stack, arn)
    history = executions.history(context.stack, arn)
    story = stories.read(history)
    visits = list(story.all_visits())
    drawing, comments = _drawn(context, arn)
    every = execution_events.events(history, story)
    failure = described.failure
    run = map_runs.latest(context.stack, arn) if described.machine == "ReprocessImages" else None
    now = datetime.now(UTC)

    def link(**changed: Any) -> str:
        """The page's URL with these parameters changed."""
        return urls.page("/execution", **{"arn": arn, **chosen, **changed})

    return render(
        request,
        "execution.html",
        section="executions",
        execution=described,
        failure=failure,
        advice=advice_on(failure["name"], failure["cause"]) if failure else None,
        failed_state=next((each.title for each in reversed(visits) if each.status == "failed"), ""),
        drawing=drawing,
        comments=comments,
        boxes=timeline.box_states(story),
        taken=timeline.transitions_taken(story),
        visit_links={state: link(visit=visit.id, event="") for state, visit in _worst(visits).items()},
        timeline=timeline.timeline(story, now),
        rows_shown=ROWS_SHOWN,
        acts=permitted(lambda: audit.of_execution(context.stack, arn, described.image_id, limit=ACTS_SHOWN)),
        link=link,
        chosen=chosen,
        visit=next((each for each in visits if str(each.id) == chosen["visit"]), None),
        siblings=_siblings(story, chosen["visit"]),
        event=next((each for each in every if str(each.id) == chosen["event"]), None),
        functions={
            "frames": frames,
            "function_of": function_of,
            "message_in": message_in,
            "stack_trace_in": stack_trace_in,
        },
        events=execution_events.page(
            every, chosen["type"], chosen["state"], chosen["q"], _number(chosen["from"])
        ),
        bill=execution_cost.bill(context.stack, described, history) if chosen["cost"] else None,
        map_run=run,
        failed_items=map_runs.failed_items(context.stack, run) if run and run.failed else (),
        others=_others(context, described) if story.status != "running" else (),
        now=now,
        refresh=(LONG_HISTORY_REFRESH_S if len(history) > LONG_HISTORY else RUNNING_REFRESH_S)
        if described.status == RUNNING
        else 0,
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _worst(visits: Sequence[Visit]) -> dict[str, Visit]:
    """The visit that a state's box opens: the worst of them, and of equals the last."""
    found: dict[str, Visit] = {}
    for visit in visits:
        known = found.get(visit.state)
        if known is None or _WORST.index(visit.status) <= _WORST.index(known.status):
            found[visit.state] = visit
    return found


def _siblings(story: Story, opened: str) -> Sequence[Visit]:
    """The visits of the state that is opened: of each size, or of each time that it was entered."""
    visits = list(story.all_visits())
    state = next((each.state for each in visits if str(each.id) == opened), None)
    same = [each for each in visits if each.state == state]
    return same if len(same) > 1 else ()


def _others(context: Context, execution: Execution) -> Sequence[Execution]:
    """The image's other executions, to compare this one with."""
    if execution.image_id is None:
        return ()
    try:
        item = images.get(context.stack, execution.image_id).item
    except ImageNotFound:
        return ()
    found = context.executions.of_image(execution.image_id, item)
    return [each for each in found if each.arn != execution.arn]


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
