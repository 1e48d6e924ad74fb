"""Reads real histories of the workflow: a success, a rejection, and two redrives."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from imageservice_operator.console.workflow import timeline
from imageservice_operator.operations import stories
from imageservice_operator.operations.stories import Story, Visit

HISTORIES = Path(__file__).with_name("histories")


def story(name: str, until: str = "") -> Story:
    """The story of a recorded history, or of its events before the first one of a type."""
    events: list[dict[str, Any]] = json.loads((HISTORIES / f"{name}.json").read_text())
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
    types = [event["type"] for event in events]
    return stories.read(events[: types.index(until) if until else None])


def visits(trace: Story, state: str) -> list[Visit]:
    return [visit for visit in trace.all_visits() if visit.state == state]


def test_a_success_visits_each_state_once_and_each_item_of_the_map() -> None:
    trace = story("succeeded")
    assert trace.status == "succeeded"
    assert [visit.state for visit in trace.visits][-1] == "Image ready"
    assert {visit.status for visit in trace.all_visits()} == {"succeeded"}
    resizes = visits(trace, "Resize")
    assert [visit.iteration.index for visit in resizes if visit.iteration] == [0, 1, 2, 3, 4]


def test_events_of_parallel_iterations_are_kept_apart_by_their_chain() -> None:
    for resize in visits(story("succeeded"), "Resize"):
        (attempt,) = resize.attempts
        assert attempt.ended is not None
        assert resize.ended is not None
        assert resize.entered <= attempt.started <= attempt.ended <= resize.ended


def test_a_caught_error_is_not_a_failure() -> None:
    trace = story("rejected")
    (inspect,) = visits(trace, "Inspect original")
    (end,) = visits(trace, "Image rejected")
    assert (inspect.status, inspect.error) == ("caught", "ImageRejected")
    assert (end.status, end.error) == ("failed", "ImageRejected")


def test_retries_are_attempts_of_one_visit() -> None:
    (refresh,) = visits(story("redriven", until="ExecutionRedriven"), "Refresh Redis")
    assert refresh.status == "failed"
    assert [attempt.succeeded for attempt in refresh.attempts] == [False] * 5


def test_a_redrive_goes_on_with_the_visit_that_failed() -> None:
    trace = story("redriven")
    (refresh,) = visits(trace, "Refresh Redis")
    assert (refresh.status, refresh.redriven, refresh.error) == ("succeeded", True, "")
    assert [attempt.succeeded for attempt in refresh.attempts] == [False] * 5 + [True]
    assert len(trace.spans) == 2


def test_in_a_failed_map_one_iteration_failed_and_the_others_were_aborted() -> None:
    trace = story("redriven_in_a_map", until="ExecutionRedriven")
    (whole,) = visits(trace, "Resize to each size")
    assert (whole.status, whole.error) == ("failed", "NoSuchBucket")
    assert sorted(visit.status for visit in visits(trace, "Resize")) == ["aborted"] * 4 + ["failed"]


def test_iterations_run_again_by_a_redrive_stay_one_visit_each() -> None:
    trace = story("redriven_in_a_map")
    resizes = visits(trace, "Resize")
    assert len(resizes) == 5
    assert {visit.status for visit in resizes} == {"succeeded"}
    assert timeline.box_states(trace)["Resize"].note.startswith("5 of 5")


@pytest.mark.parametrize("name", ["succeeded", "rejected", "redriven", "redriven_in_a_map"])
def test_a_history_cut_off_anywhere_can_be_read(name: str) -> None:
    events = json.loads((HISTORIES / f"{name}.json").read_text())
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
    for length in range(len(events) + 1):
        trace = stories.read(events[:length])
        rows = timeline.timeline(trace, datetime.fromisoformat("2026-11-22T13:00:00+00:00")).rows
        assert len(rows) == len(list(trace.all_visits()))


def test_a_state_is_running_until_the_history_has_its_end() -> None:
    trace = story("succeeded", until="MapStateSucceeded")
    (whole,) = visits(trace, "Resize to each size")
    assert (trace.status, whole.status) == ("running", "running")


def test_bars_lie_within_the_row_and_in_order() -> None:
    trace = story("redriven_in_a_map")
    line = timeline.timeline(trace, datetime.fromisoformat("2026-11-22T13:00:00+00:00"))
    for row in line.rows:
        lefts = [bar.left for bar in row.bars]
        assert lefts == sorted(lefts)
        assert all(bar.left >= 0 and bar.left + bar.width <= 100.001 for bar in row.bars)


def test_the_wait_before_a_redrive_takes_no_room_of_its_own_length() -> None:
    trace = story("redriven")
    line = timeline.timeline(trace, datetime.fromisoformat("2026-11-22T13:00:00+00:00"))
    work = sum((span.ended - span.started).total_seconds() for span in trace.spans if span.ended)
    assert line.seconds == pytest.approx(work)
    assert line.redrives[0].after == pytest.approx(1.301, abs=0.01)


def test_a_row_of_the_map_is_called_by_the_size_that_it_makes() -> None:
    events = json.loads((HISTORIES / "succeeded.json").read_text())
    sizes = iter(["thumb", "w320", "w640", "w1280", "w1920"])
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
        entered = event.get("stateEnteredEventDetails", {})
        if entered.get("name") == "Resize":
            entered["input"] = json.dumps({"resize": {"target": {"name": next(sizes)}}})
    line = timeline.timeline(stories.read(events), events[-1]["timestamp"])
    labels = [row.item for row in line.rows if row.item]
    assert labels == ["thumb", "w320", "w640", "w1280", "w1920"]


@pytest.mark.parametrize("text", ["", "[]", "5", '{"resize": []}', '{"resize": {"target": {"name": 7}}}'])
def test_an_item_that_names_no_size_is_called_by_its_number(text: str) -> None:
    events = json.loads((HISTORIES / "succeeded.json").read_text())
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
        if "stateEnteredEventDetails" in event:
            event["stateEnteredEventDetails"]["input"] = text
    rows = timeline.timeline(stories.read(events), events[-1]["timestamp"]).rows
    assert [row.item for row in rows if row.item] == ["1", "2", "3", "4", "5"]


def test_the_transitions_made_are_those_between_visits() -> None:
    gone = timeline.transitions_taken(story("rejected"))
    assert ("Inspect original", "Record rejection") in gone
    assert ("Inspect original", "Resize to each size") not in gone
