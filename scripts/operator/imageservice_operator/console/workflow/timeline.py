"""An execution's story as rows of bars on one scale of time, and as the state of each box of the drawing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from imageservice_operator.console.workflow.history import Attempt, Span, Status, Story, Visit

BREAK = 4.0  # per cent of the width, for the time between an end and a redrive, however long that was
NARROWEST = 0.6  # per cent: what is shorter can still be seen


@dataclass(frozen=True)
class Bar:
    """One try (or, where there are no tries, the visit): from `left`, `width` wide, in per cent of the row."""

    left: float
    width: float
    status: Status
    title: str


@dataclass(frozen=True)
class Row:
    """One visit. `depth` is how many Maps hold it; `item` the iteration's number from 1, None outside of one."""

    visit: Visit
    depth: int
    item: int | None
    seconds: float
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Redrive:
    """Where in the width a redrive begins, in per cent, and how long after the end before it, in seconds."""

    left: float
    after: float


@dataclass(frozen=True)
class Timeline:
    rows: Sequence[Row]
    redrives: Sequence[Redrive]
    seconds: float


@dataclass(frozen=True)
class BoxState:
    """What a box of the drawing says: the worst of a state's visits that still counts, and a few filters."""

    status: Status | None
    note: str


class _Scale:
    """Time to per cent: spans of work side by side in proportion, the waits between them cut short."""

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
    """The rows in order of time, those of a Map's iterations after the Map's own; `now` ends what still runs."""
    scale = _Scale(story.spans, now)
    rows = [_row(visit, scale, now) for visit in story.all_visits()]
    return Timeline(rows, scale.redrives(), scale.seconds)


def _row(visit: Visit, scale: _Scale, now: datetime) -> Row:
    depth, iteration = 0, visit.iteration
    while iteration:
        depth, iteration = depth + 1, iteration.within.iteration
    bars = [
        _bar(scale, each.started, each.ended or now, _of_attempt(each, visit), _said(each))
        for each in visit.attempts
    ]
    if not visit.attempts:
        bars = [_bar(scale, visit.entered, visit.ended or now, visit.status, "")]
    seconds = sum(
        ((each.ended or visit.ended or now) - each.started).total_seconds() for each in visit.attempts
    )
    if not visit.attempts:
        seconds = ((visit.ended or now) - visit.entered).total_seconds()
    return Row(visit, depth, visit.iteration.index + 1 if visit.iteration else None, seconds, bars)


def _bar(scale: _Scale, start: datetime, end: datetime, status: Status, title: str) -> Bar:
    left, right = scale.place(start), scale.place(end)
    width = max(right - left, NARROWEST)
    return Bar(min(left, 100 - width), width, status, title)


def _of_attempt(attempt: Attempt, visit: Visit) -> Status:
    if attempt.succeeded is None:
        return visit.status if visit.ended else "running"
    return "succeeded" if attempt.succeeded else "failed"


def _said(attempt: Attempt) -> str:
    return attempt.error


def box_states(story: Story) -> dict[str, BoxState]:
    """For each state that was entered, what its box says: its last visit, or in a Map the worst of the last ones."""
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
    """Which iteration of which Map it is in, from the innermost out."""
    iteration, place = visit.iteration, []
    while iteration:
        place += [iteration.within.id, iteration.index]
        iteration = iteration.within.iteration
    return tuple(place)


def taken(story: Story) -> set[tuple[str, str]]:
    """The transitions that were gone through, by the names of their states."""
    lines = [
        story.visits,
        *(iteration.visits for visit in story.all_visits() for iteration in visit.iterations),
    ]
    return {(one.state, other.state) for line in lines for one, other in itertools.pairwise(line)}
