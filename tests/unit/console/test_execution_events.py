"""Events are found by type, by state with its size, and by their text, and paged."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from imageservice_operator.console.pages import execution_events
from imageservice_operator.console.pages.execution_events import Event, page
from imageservice_operator.operations import stories

HISTORY = Path(__file__).parent / "histories" / "succeeded.json"


@pytest.fixture(scope="module")
def every() -> list[Event]:
    """The recorded history has no data, so each size gets the input that it has in truth."""
    events, sizes = json.loads(HISTORY.read_text()), iter(("thumb", "w320", "w640", "w1280", "w1920"))
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
        entered = event.get("stateEnteredEventDetails", {})
        if entered.get("name") == "Resize":
            entered["input"] = json.dumps({"resize": {"target": {"name": next(sizes)}}})
    return execution_events.events(events, stories.read(events))


def test_an_event_of_a_map_has_its_size_in_its_state(every: list[Event]) -> None:
    assert {each.state for each in every} >= {"Resize thumb", "Resize w320"}


def test_filters_narrow_the_events_and_the_choices_stay(every: list[Event]) -> None:
    found = page(every, type="TaskSucceeded", state="Resize w320")
    assert [(each.type, each.state) for each in found.events] == [("TaskSucceeded", "Resize w320")]
    assert (found.matching, found.total) == (1, len(every))
    assert len(found.types) > 5


def test_text_is_found_in_the_data_of_any_depth_and_case(every: list[Event]) -> None:
    assert page(every, search="W320").matching > 0
    assert page(every, search="in no event").events == []
    escaped = Event(
        1, "TaskSucceeded", "", every[0].at, 0.0, {"output": '{"key": "Stra\\u00dfe"}'}, failed=False
    )
    assert page([escaped], search="straße").matching == 1


def test_pages_cover_every_event_once(every: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution_events, "PER_PAGE", 7)
    seen: list[int] = []
    begin: int | None = 0
    while begin is not None:
        shown = page(every, begin=begin)
        assert (shown.first, shown.last) == (len(seen) + 1, len(seen) + len(shown.events))
        seen += [each.id for each in shown.events]
        begin = shown.later
    assert seen == [each.id for each in every]
    assert page(every, begin=seen[7]).earlier == seen[0]


def test_a_page_that_begins_behind_the_last_event_is_the_first_one(every: list[Event]) -> None:
    assert page(every, begin=10**8).first == 1
