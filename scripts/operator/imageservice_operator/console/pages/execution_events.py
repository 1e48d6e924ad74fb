"""The events of an execution as a page shows them: filtered by type, state and text, and paged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imageservice_operator.console.filters import unfolded
from imageservice_operator.operations import stories
from imageservice_operator.operations.stories import Story

PER_PAGE = 50


@dataclass(frozen=True)
class Event:
    """One event of the history. `seconds` counts from the start; `details` is empty for events without any."""

    id: int
    type: str
    state: str
    at: datetime
    seconds: float
    details: Mapping[str, Any]
    failed: bool

    @property
    def error(self) -> str:
        return str(self.details.get("error") or "")


@dataclass(frozen=True)
class Page:
    """Some of the events, `first` to `last` of the `matching` ones, and the ids that the pages around it begin with."""

    events: Sequence[Event]
    first: int
    matching: int
    total: int
    earlier: int | None
    later: int | None
    types: Sequence[str]
    states: Sequence[str]

    @property
    def last(self) -> int:
        return self.first + len(self.events) - 1


def events(history: Sequence[Mapping[str, Any]], story: Story) -> list[Event]:
    """All events, oldest first."""
    start = history[0]["timestamp"] if history else datetime.now(UTC)
    return [
        Event(
            id=each["id"],
            type=each["type"],
            state=story.state_of(each["id"]),
            at=each["timestamp"],
            seconds=(each["timestamp"] - start).total_seconds(),
            details={
                name: value for name, value in stories.details(each).items() if not _is_noise(name, value)
            },
            failed=any(word in each["type"] for word in ("Failed", "TimedOut", "Aborted")),
        )
        for each in history
    ]


def page(every: Sequence[Event], type: str = "", state: str = "", search: str = "", begin: int = 0) -> Page:
    """The page that begins with the event `begin`, of those with this type and state that contain the text."""
    text = search.casefold()
    matching = [
        each
        for each in every
        if (not type or each.type == type)
        and (not state or each.state == state)
        and (not text or _contains(each, text))
    ]
    start = next((place for place, each in enumerate(matching) if each.id >= begin), 0)
    after = start + PER_PAGE
    return Page(
        events=matching[start:after],
        first=start + 1,
        matching=len(matching),
        total=len(every),
        earlier=matching[max(start - PER_PAGE, 0)].id if start else None,
        later=matching[after].id if after < len(matching) else None,
        types=sorted({each.type for each in every}),
        states=list(dict.fromkeys(each.state for each in every if each.state)),
    )


def _contains(event: Event, text: str) -> bool:
    """Whether the event's type, state or data has the text. Data is parsed only where JSON may spell a letter out."""
    if text in event.type.casefold() or text in event.state.casefold():
        return True
    for name, value in event.details.items():
        raw = f"{name} {value}".casefold()
        if text in raw:
            return True
        if "\\u" in raw and text in json.dumps(unfolded(value), ensure_ascii=False, default=str).casefold():
            return True
    return False


def _is_noise(name: str, value: Any) -> bool:
    """Whether a detail only says that the event is complete."""
    return name.endswith("Details") and isinstance(value, Mapping) and set(value) <= {"truncated", "included"}
