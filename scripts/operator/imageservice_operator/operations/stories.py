"""What happened in an execution, read from its event history: the states it entered, when, and every attempt.

Every event names the one before it (`previousEventId`). Only that chain tells parallel iterations apart, so an event
belongs to the visit and the iteration of the event before it.
Source: docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Status = Literal["running", "waiting", "succeeded", "caught", "failed", "aborted"]

_ATTEMPT_BEGINS = re.compile(r"(Task|LambdaFunction|Activity)Scheduled")
_ATTEMPT_FAILS = re.compile(r"(Task|LambdaFunction|Activity)\w*(Failed|TimedOut)")
_ATTEMPT_ENDS = re.compile(r"(Task|LambdaFunction|Activity)Succeeded")
_GROUP_ENDS = re.compile(r"(Map|Parallel)State(Succeeded|Failed|Aborted)|MapRun(Succeeded|Failed|Aborted)")
_OVER: Mapping[str, Status] = {
    "ExecutionSucceeded": "succeeded",
    "ExecutionFailed": "failed",
    "ExecutionTimedOut": "failed",
    "ExecutionAborted": "aborted",
}


@dataclass
class Attempt:
    """One attempt of a task. `succeeded` is None while it runs; `error` and `cause` are those of a failed one.

    `parameters` and `output` are JSON, as the history has them.
    """

    started: datetime
    parameters: str = ""
    output: str = ""
    ended: datetime | None = None
    succeeded: bool | None = None
    error: str = ""
    cause: str = ""


@dataclass
class Visit:
    """One time that the execution was in a state.

    `waiting` is between two attempts; `caught` failed, and a Catch handled it; `aborted` ended by another's failure.
    """

    id: int
    state: str
    type: str
    entered: datetime
    iteration: Iteration | None
    status: Status = "running"
    ended: datetime | None = None
    error: str = ""
    cause: str = ""
    input: str = ""
    output: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    iterations: list[Iteration] = field(default_factory=list)
    redriven: bool = False

    @property
    def title(self) -> str:
        """The state's name, with the size that it makes: "Resize thumb"."""
        return " ".join(filter(None, (self.state, self.iteration.label if self.iteration else "")))


@dataclass
class Iteration:
    """One item of a Map, and the visits in it. `label` is the size that it makes, "" if it makes none."""

    index: int
    within: Visit
    label: str = ""
    status: Status = "running"
    visits: list[Visit] = field(default_factory=list)


@dataclass
class Span:
    """A span of work: from the start or a redrive to the next end; `ended` is None while it runs."""

    started: datetime
    ended: datetime | None = None


@dataclass
class Story:
    """An execution: its outermost visits in order. `visit_of` has the visit of each event, None for none."""

    visits: list[Visit] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    visit_of: dict[int, Visit | None] = field(default_factory=dict)
    status: Status = "running"

    def all_visits(self) -> Iterator[Visit]:
        """Every visit; those in a Map follow the Map's own, iteration by iteration."""
        yield from _flat(self.visits)

    def state_of(self, event_id: int) -> str:
        """The title of the event's state, "" for none."""
        visit = self.visit_of.get(event_id)
        return visit.title if visit else ""


def _flat(visits: Iterable[Visit]) -> Iterator[Visit]:
    for visit in visits:
        yield visit
        for iteration in sorted(visit.iterations, key=lambda each: each.index):
            yield from _flat(iteration.visits)


def read(events: Iterable[Mapping[str, Any]]) -> Story:
    """The story of an execution, from boto3's events of GetExecutionHistory. Unknown types of events are ignored."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    return reader.story


def details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `…EventDetails` of an event, {} if it has none."""
    return next((value for name, value in event.items() if name.endswith("EventDetails") and value), {})


class _Reader:
    def __init__(self) -> None:
        self.story = Story()
        self._owner: dict[int, Visit | None] = {}
        self._iteration: dict[int, Iteration | None] = {}
        self._open: list[Visit] = []

    def read(self, event: Mapping[str, Any]) -> None:
        kind, at, detail = event["type"], event["timestamp"], details(event)
        before = event.get("previousEventId", 0)
        owner, iteration = self._owner.get(before), self._iteration.get(before)
        if kind.endswith("StateEntered"):
            owner = self._enter(event["id"], kind, at, detail, iteration)
        elif kind.endswith("StateExited"):
            owner = self._visit_named(detail.get("name"), owner)
            iteration = self._exit(owner, at, detail) if owner else iteration
        elif kind == "MapIterationStarted":
            owner = self._visit_named(detail.get("name"), owner)
            iteration = self._iterate(owner, detail.get("index", 0)) if owner else iteration
        elif kind.startswith("MapIteration"):
            owner, iteration = self._end_iteration(kind, at, iteration, owner)
        elif _GROUP_ENDS.fullmatch(kind):
            owner = self._end_group(kind, owner, detail)
            iteration = owner.iteration if owner else iteration
        elif kind in ("ExecutionStarted", "ExecutionRedriven"):
            self._begin(kind, at, owner)
        elif kind in _OVER:
            self._end(kind, at, owner, detail)
        elif owner:
            _within(owner, kind, at, detail)
        self._owner[event["id"]], self._iteration[event["id"]] = owner, iteration
        self.story.visit_of[event["id"]] = owner if not kind.startswith("Execution") else None

    def _enter(
        self, number: int, kind: str, at: datetime, detail: Mapping[str, Any], iteration: Iteration | None
    ) -> Visit:
        name = detail.get("name", "")
        for earlier in iteration.visits if iteration else ():
            if earlier.state == name and earlier.status in ("failed", "aborted"):
                self._reopen(earlier)  # a redrive runs an iteration again that did not succeed
                return earlier
        visit = Visit(number, name, kind.removesuffix("StateEntered"), at, iteration)
        visit.input = detail.get("input", "")
        if iteration and not iteration.label:
            iteration.label = _size_in(detail.get("input", ""))
        (iteration.visits if iteration else self.story.visits).append(visit)
        self._open.append(visit)
        return visit

    def _exit(self, visit: Visit, at: datetime, detail: Mapping[str, Any]) -> Iteration | None:
        failed = visit.error or (visit.attempts and visit.attempts[-1].succeeded is False)
        visit.status, visit.ended = ("caught" if failed else "succeeded"), at
        visit.output = detail.get("output", "")
        if visit in self._open:
            self._open.remove(visit)
        return visit.iteration

    def _visit_named(self, name: str | None, owner: Visit | None) -> Visit | None:
        """The visit with that name: the chain's own, else the last open one, else the last one."""
        if owner and owner.state == name:
            return owner
        same = [visit for visit in self.story.all_visits() if visit.state == name]
        return next((visit for visit in reversed(same) if visit in self._open), same[-1] if same else owner)

    def _iterate(self, visit: Visit, index: int) -> Iteration:
        again = next((each for each in visit.iterations if each.index == index), None)
        if again is None:
            again = Iteration(index, visit)
            visit.iterations.append(again)
        again.status = "running"
        self._reopen(visit)
        return again

    def _end_iteration(
        self, kind: str, at: datetime, iteration: Iteration | None, owner: Visit | None
    ) -> tuple[Visit | None, Iteration | None]:
        if iteration is None:
            return owner, None
        iteration.status = (
            "succeeded" if kind.endswith("Succeeded") else "failed" if kind.endswith("Failed") else "aborted"
        )
        for visit in [each for each in self._open if each.iteration is iteration]:
            visit.status, visit.ended = iteration.status, at
            if visit.attempts and visit.attempts[-1].ended is None:
                visit.attempts[-1].ended = at
            if iteration.status == "failed":
                iteration.within.error, iteration.within.cause = visit.error, visit.cause
            self._open.remove(visit)
        return iteration.within, iteration.within.iteration

    def _end_group(self, kind: str, owner: Visit | None, detail: Mapping[str, Any]) -> Visit | None:
        group = "Parallel" if kind.startswith("Parallel") else "Map"
        if owner is None or owner.type != group:
            owner = next((visit for visit in reversed(self._open) if visit.type == group), owner)
        if owner and not kind.endswith("Succeeded"):
            owner.error = detail.get("error") or owner.error or "States.TaskFailed"
            owner.cause = detail.get("cause") or owner.cause
        return owner

    def _begin(self, kind: str, at: datetime, owner: Visit | None) -> None:
        self.story.spans.append(Span(at))
        self.story.status = "running"
        if kind == "ExecutionRedriven" and owner:
            self._reopen(owner)

    def _reopen(self, visit: Visit) -> None:
        """A redrive continues a visit that had failed, and the Maps around it."""
        if visit.status in ("failed", "aborted"):
            visit.status, visit.ended, visit.redriven = "running", None, True
            visit.error = visit.cause = ""
            self._open.append(visit)
        if visit.iteration:
            visit.iteration.status = "running"
            self._reopen(visit.iteration.within)

    def _end(self, kind: str, at: datetime, owner: Visit | None, detail: Mapping[str, Any]) -> None:
        self.story.status = status = _OVER[kind]
        if self.story.spans:
            self.story.spans[-1].ended = at
        failed_ids = set()
        while owner:
            failed_ids.add(owner.id)
            owner = owner.iteration.within if owner.iteration else None
        for visit in self._open:
            # A time-out fails every state that it ends.
            failed = visit.id in failed_ids or kind == "ExecutionTimedOut"
            visit.status = status if status != "failed" or failed else "aborted"
            visit.ended = at
            if visit.status == "failed" and not visit.error:
                visit.error, visit.cause = detail.get("error", ""), detail.get("cause", "")
            if visit.attempts and visit.attempts[-1].succeeded is None:
                visit.attempts[-1].ended = at
        self._open.clear()


def _within(visit: Visit, kind: str, at: datetime, detail: Mapping[str, Any]) -> None:
    """An event inside a visit: an attempt begins or ends."""
    if _ATTEMPT_BEGINS.fullmatch(kind):
        visit.attempts.append(Attempt(at, detail.get("parameters", "") or detail.get("input", "")))
        visit.status = "running"
        visit.error = visit.cause = ""
    elif _ATTEMPT_FAILS.fullmatch(kind) or kind == "EvaluationFailed":
        if visit.attempts:
            last = visit.attempts[-1]
            last.ended, last.succeeded = at, False
            last.error, last.cause = detail.get("error", ""), detail.get("cause", "")
        visit.status, visit.error, visit.cause = "waiting", detail.get("error", ""), detail.get("cause", "")
    elif _ATTEMPT_ENDS.fullmatch(kind) and visit.attempts:
        last = visit.attempts[-1]
        last.ended, last.succeeded, last.output = at, True, detail.get("output", "")


def _size_in(text: str) -> str:
    """The size's name in the input of one item of ProcessImage's Map; "" in any other input."""
    try:
        name = json.loads(text)["resize"]["target"]["name"]
    except (ValueError, KeyError, TypeError):
        return ""
    return name if isinstance(name, str) else ""
