"""An execution as rows of bars on one time scale, and as the status of each box in the drawing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from imageservice_operator.operations.stories import Attempt, Span, Status, Story, Visit

BREAK = 4.0  # percent of the width, for the time between an end and a redrive, however long
NARROWEST = 0.6  # percent, so that the shortest bar is visible


@dataclass(frozen=True)
class Bar:
    """One attempt, or a visit without attempts; `left` and `width` in percent of the row."""

    left: float
    width: float
    status: Status
    title: str


@dataclass(frozen=True)
class Row:
    """One visit. `depth` counts the Maps around it; `item` is the size made, or the item's number; "" outside a Map."""

    visit: Visit
    depth: int
    item: str
    seconds: float
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Redrive:
    """Where in the row a redrive begins, in percent, and how many seconds after the end before it."""

    left: float
    after: float


@dataclass(frozen=True)
class Timeline:
    rows: Sequence[Row]
    redrives: Sequence[Redrive]
    seconds: float


@dataclass(frozen=True)
class BoxState:
    """What a box of the drawing shows: the worst of a state's visits that still counts, and a note."""

    status: Status | None
    note: str


class _Scale:
    """Time to percent: spans of work in proportion, the pauses before redrives at a fixed width."""

    def __init__(self, spans: Sequence[Span], now: datetime) -> None:
        self._spans = [(span.started, span.ended or now) for span in spans]
        self.seconds = sum((end - start).total_seconds() for start, end in self._spans)
        self._share = (100.0 - BREAK * (len(spans) - 1)) / max(self.seconds, 0.001)

    def place(self, at: datetime) -> float:
        left = 0.0
        for start, end in self._spans:
            if at <= start:
                return left
            if at <= end:
                return left + (at - start).total_seconds() * self._share
            left += (end - start).total_seconds() * self._share + BREAK
        return left - BREAK

    def redrives(self) -> list[Redrive]:
        found = []
        for (_, before), (start, _) in zip(self._spans, self._spans[1:], strict=False):
            found.append(Redrive(self.place(start), (start - before).total_seconds()))
        return found


def timeline(story: Story, now: datetime) -> Timeline:
    """The rows in order of time, a Map's iterations after the Map's own; `now` ends the bars of what still runs."""
    scale = _Scale(story.spans, now)
    rows = [_row(visit, scale, now) for visit in story.all_visits()]
    return Timeline(rows, scale.redrives(), scale.seconds)


def _row(visit: Visit, scale: _Scale, now: datetime) -> Row:
    depth, iteration = 0, visit.iteration
    while iteration:
        depth, iteration = depth + 1, iteration.within.iteration
    bars = [
        _bar(scale, each.started, each.ended or now, _of_attempt(each, visit), each.error)
        for each in visit.attempts
    ]
    if not visit.attempts:
        bars = [_bar(scale, visit.entered, visit.ended or now, visit.status, "")]
    seconds = sum(
        ((each.ended or visit.ended or now) - each.started).total_seconds() for each in visit.attempts
    )
    if not visit.attempts:
        seconds = ((visit.ended or now) - visit.entered).total_seconds()
    return Row(visit, depth, _item(visit), seconds, bars)


def _item(visit: Visit) -> str:
    if visit.iteration is None:
        return ""
    return visit.iteration.label or str(visit.iteration.index + 1)


def _bar(scale: _Scale, start: datetime, end: datetime, status: Status, title: str) -> Bar:
    left, right = scale.place(start), scale.place(end)
    width = max(right - left, NARROWEST)
    return Bar(min(left, 100 - width), width, status, title)


def _of_attempt(attempt: Attempt, visit: Visit) -> Status:
    if attempt.succeeded is None:
        return visit.status if visit.ended else "running"
    return "succeeded" if attempt.succeeded else "failed"


def box_states(story: Story) -> dict[str, BoxState]:
    """The status of each state that was entered: that of its last visit, or in a Map the worst of its iterations."""
    by_name: dict[str, list[Visit]] = {}
    for visit in story.all_visits():
        by_name.setdefault(visit.state, []).append(visit)
    return {name: _box_state(visits) for name, visits in by_name.items()}


def _box_state(visits: Sequence[Visit]) -> BoxState:
    last = list({_place(visit): visit for visit in visits}.values())
    order: Sequence[Status] = ("failed", "running", "waiting", "aborted", "caught", "succeeded")
    notes = []
    if last[0].iteration:
        notes.append(f"{sum(visit.status == 'succeeded' for visit in last)} of {len(last)}")
    elif len(visits) > 1:
        notes.append(f"{len(visits)} times")
    tries = max(len(visit.attempts) for visit in visits)
    if tries > 1:
        notes.append(f"{tries} tries")
    return BoxState(min((visit.status for visit in last), key=order.index), " · ".join(notes))


def _place(visit: Visit) -> tuple[int, ...]:
    """The iterations that the visit is in, from the innermost out."""
    iteration, place = visit.iteration, []
    while iteration:
        place += [iteration.within.id, iteration.index]
        iteration = iteration.within.iteration
    return tuple(place)


def transitions_taken(story: Story) -> set[tuple[str, str]]:
    """The transitions that the execution made, as pairs of states' names."""
    lines = [
        story.visits,
        *(iteration.visits for visit in story.all_visits() for iteration in visit.iterations),
    ]
    return {(one.state, other.state) for line in lines for one, other in itertools.pairwise(line)}
