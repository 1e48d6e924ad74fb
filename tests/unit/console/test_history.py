"""What is read from real histories of the workflow: a success, a rejection, and two redrives."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from imageservice_operator.console.workflow import history, timeline
from imageservice_operator.console.workflow.history import Story, Visit

HISTORIES = Path(__file__).with_name("histories")


def story(name: str, until: str = "") -> Story:
    """The story of a recorded history, or of its events before the first one of a type."""
    events: list[dict[str, Any]] = json.loads((HISTORIES / f"{name}.json").read_text())
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
    types = [event["type"] for event in events]
    return history.read(events[: types.index(until) if until else None])


def visits(told: Story, state: str) -> list[Visit]:
    return [visit for visit in told.all_visits() if visit.state == state]


def test_a_success_visits_each_state_once_and_each_item_of_the_map() -> None:
    told = story("succeeded")
    assert told.status == "succeeded"
    assert [visit.state for visit in told.visits][-1] == "Image ready"
    assert {visit.status for visit in told.all_visits()} == {"succeeded"}
    resizes = visits(told, "Resize")
    assert [visit.iteration.index for visit in resizes if visit.iteration] == [0, 1, 2, 3, 4]


def test_events_of_parallel_iterations_are_kept_apart_by_their_chain() -> None:
    for resize in visits(story("succeeded"), "Resize"):
        (attempt,) = resize.attempts
        assert attempt.ended is not None
        assert resize.ended is not None
        assert resize.entered <= attempt.started <= attempt.ended <= resize.ended


def test_a_caught_error_is_told_from_a_failure() -> None:
    told = story("rejected")
    (inspect,) = visits(told, "Inspect original")
    (end,) = visits(told, "Image rejected")
    assert (inspect.status, inspect.error) == ("caught", "ImageRejected")
    assert (end.status, end.error) == ("failed", "ImageRejected")


def test_retries_are_attempts_of_one_visit() -> None:
    (refresh,) = visits(story("redriven", until="ExecutionRedriven"), "Refresh Redis")
    assert refresh.status == "failed"
    assert [attempt.succeeded for attempt in refresh.attempts] == [False] * 5


def test_a_redrive_goes_on_with_the_visit_that_failed() -> None:
    told = story("redriven")
    (refresh,) = visits(told, "Refresh Redis")
    assert (refresh.status, refresh.redriven, refresh.error) == ("succeeded", True, "")
    assert [attempt.succeeded for attempt in refresh.attempts] == [False] * 5 + [True]
    assert len(told.spans) == 2


def test_of_a_failed_map_the_guilty_iteration_is_told_from_those_cut_off() -> None:
    told = story("redriven_in_a_map", until="ExecutionRedriven")
    (whole,) = visits(told, "Resize to each size")
    assert (whole.status, whole.error) == ("failed", "NoSuchBucket")
    assert sorted(visit.status for visit in visits(told, "Resize")) == ["aborted"] * 4 + ["failed"]


def test_iterations_run_again_by_a_redrive_stay_one_visit_each() -> None:
    told = story("redriven_in_a_map")
    resizes = visits(told, "Resize")
    assert len(resizes) == 5
    assert {visit.status for visit in resizes} == {"succeeded"}
    assert timeline.box_states(told)["Resize"].note.startswith("5 of 5")


@pytest.mark.parametrize("name", ["succeeded", "rejected", "redriven", "redriven_in_a_map"])
def test_a_history_cut_off_anywhere_can_be_read(name: str) -> None:
    events = json.loads((HISTORIES / f"{name}.json").read_text())
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
    for length in range(len(events) + 1):
        told = history.read(events[:length])
        rows = timeline.timeline(told, datetime.fromisoformat("2026-11-22T13:00:00+00:00")).rows
        assert len(rows) == len(list(told.all_visits()))


def test_what_runs_is_running_until_its_end_is_told() -> None:
    told = story("succeeded", until="MapStateSucceeded")
    (whole,) = visits(told, "Resize to each size")
    assert (told.status, whole.status) == ("running", "running")


def test_bars_lie_within_the_row_and_in_order() -> None:
    told = story("redriven_in_a_map")
    line = timeline.timeline(told, datetime.fromisoformat("2026-11-22T13:00:00+00:00"))
    for row in line.rows:
        lefts = [bar.left for bar in row.bars]
        assert lefts == sorted(lefts)
        assert all(bar.left >= 0 and bar.left + bar.width <= 100.001 for bar in row.bars)


def test_the_wait_before_a_redrive_takes_no_room_of_its_own_length() -> None:
    told = story("redriven")
    line = timeline.timeline(told, datetime.fromisoformat("2026-11-22T13:00:00+00:00"))
    work = sum((span.ended - span.started).total_seconds() for span in told.spans if span.ended)
    assert line.seconds == pytest.approx(work)
    assert line.redrives[0].after == pytest.approx(1.301, abs=0.01)


def test_the_ways_gone_are_those_between_visits() -> None:
    gone = timeline.taken(story("rejected"))
    assert ("Inspect original", "Record rejection") in gone
    assert ("Inspect original", "Resize to each size") not in gone
