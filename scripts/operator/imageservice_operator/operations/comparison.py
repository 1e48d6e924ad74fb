"""Two executions side by side: what differs in their states, their input and their output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.stories import Story, Visit

_MUCH_LONGER = 2.0
_NOTICEABLE_S = 0.5
MOST_VALUES = 100
"""The most values of an input or an output that are listed."""


@dataclass(frozen=True)
class Side:
    """A state in one of the executions: its status, its seconds, and the tries of its task (0: it calls nothing)."""

    status: str
    seconds: float
    tries: int
    error: str
    visit: int


@dataclass(frozen=True)
class State:
    """A state, with the size that it makes, in both executions; None where it was not entered."""

    title: str
    left: Side | None
    right: Side | None

    @property
    def differs(self) -> bool:
        """Whether it ended differently, was tried more often, or took twice as long and half a second more."""
        if self.left is None or self.right is None:
            return True
        one, other = sorted((self.left.seconds, self.right.seconds))
        slower = other > one * _MUCH_LONGER and other - one > _NOTICEABLE_S
        results = [(each.status, each.tries, each.error) for each in (self.left, self.right)]
        return results[0] != results[1] or slower


@dataclass(frozen=True)
class Value:
    """A value in an input or an output by its path; None where there is none."""

    path: str
    left: str | None
    right: str | None


@dataclass(frozen=True)
class Comparison:
    """What two executions have side by side; `inputs` and `outputs` only have what differs."""

    states: list[State]
    inputs: list[Value]
    outputs: list[Value]

    def as_json(self) -> dict[str, Any]:
        return {
            "states": [{**asdict(each), "differs": each.differs} for each in self.states],
            "inputs": [asdict(each) for each in self.inputs],
            "outputs": [asdict(each) for each in self.outputs],
        }


def compare(left: Execution, left_story: Story, right: Execution, right_story: Story) -> Comparison:
    """The two executions' states in their order, and the values that differ."""
    return Comparison(
        _states(left_story, right_story),
        _differences(left.input, right.input),
        _differences(left.output, right.output),
    )


def _states(left: Story, right: Story) -> list[State]:
    """In the order of the left one; what only the right one entered follows the state that it followed there."""
    ours, theirs = _sides(left), _sides(right)
    order = list(ours)
    after = ""
    for title in theirs:
        if title not in ours:
            order.insert(order.index(after) + 1 if after else 0, title)
        after = title
    return [State(title, ours.get(title), theirs.get(title)) for title in order]


def _sides(story: Story) -> dict[str, Side]:
    """Each state's last visit by its title; one that was entered again is numbered: "Look at invalidation (2)"."""
    found: dict[str, Side] = {}
    for visit in story.all_visits():
        title, number = visit.title, 2
        while title in found:
            title, number = f"{visit.title} ({number})", number + 1
        found[title] = _side(visit)
    return found


def _side(visit: Visit) -> Side:
    seconds = ((visit.ended or datetime.now(UTC)) - visit.entered).total_seconds()
    last = next((each.error for each in reversed(visit.attempts) if each.error), "")
    return Side(visit.status, seconds, len(visit.attempts), visit.error or last, visit.id)


def _differences(left: Any, right: Any) -> list[Value]:
    ours, theirs = dict(_values(left)), dict(_values(right))
    paths = dict.fromkeys([*ours, *theirs])
    differing = [
        Value(path, ours.get(path), theirs.get(path)) for path in paths if ours.get(path) != theirs.get(path)
    ]
    return differing[:MOST_VALUES]


def _values(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every simple value with its path: ("detail.object.key", "a.jpg")."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _values(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _values(inner, f"{path}[{number}]")
    elif value is not None:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
