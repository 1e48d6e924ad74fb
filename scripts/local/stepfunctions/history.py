"""The event history of an execution: one list that a redrive appends to, closed by its last event."""

from __future__ import annotations

import datetime
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast, overload

from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager

from local.stepfunctions import tokens


class PackedEvents(Sequence[dict[str, Any]]):
    """The events of an execution that is over, compressed to about a twentieth, and unpacked when they are read."""

    def __init__(self, events: Iterable[dict[str, Any]]) -> None:
        listed = list(events)
        self._length = len(listed)
        self._packed = zlib.compress(json.dumps(listed).encode(), level=1)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._events())

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._events()[index]

    def _events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = json.loads(zlib.decompress(self._packed))
        return events


FINAL = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


def abort(environment: Any) -> None:
    """Stop an iteration or branch whose siblings have failed; later events of its running task are dropped."""
    environment.event_history_context.aborted = True
    for frame in list(environment._frames):
        abort(frame)
    environment.set_stop(datetime.datetime.now(datetime.UTC), None, None)
    tokens.end_waiting(environment)


class History(EventManager):
    """Events in the shape of GetExecutionHistory, except for timestamps, which are ISO 8601 text."""

    def __init__(self, events: Iterable[dict[str, Any]] = (), reentered: str | None = None) -> None:
        """Continue after `events`. The state named `reentered` already has its Entered event there."""
        super().__init__()
        self.events = cast("list[dict[str, Any]]", self._history_event_list)
        self.events.extend(events)
        self._event_id_gen._next_id = len(self.events) + 1
        self._reentered = reentered
        self._concluded = False

    def context(self) -> EventHistoryContext:
        """Where the next event continues from."""
        return EventHistoryContext(previous_event_id=len(self.events))

    def add_event(
        self, context: Any, event_type: Any, event_details: Any = None, *rest: Any, **named: Any
    ) -> int:
        """Append an event. Once the execution is over, do nothing: what still winds down must not follow its end."""
        if self._concluded or getattr(context, "aborted", False):
            return int(context.source_event_id)
        name = ((event_details or {}).get("stateEnteredEventDetails") or {}).get("name")
        if name is not None and name == self._reentered:
            self._reentered = None
            return int(context.source_event_id)
        added = super().add_event(context, event_type, event_details, *rest, **named)
        if str(getattr(event_type, "value", event_type)) in FINAL:
            self._concluded = True
        return int(added)

    def conclude(self, event_type: str, details: dict[str, Any]) -> None:
        """Make this the last event, unless there is one already."""
        self.add_event(EventHistoryContext(previous_event_id=0), event_type, details)
        self._concluded = True
