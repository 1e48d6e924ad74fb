"""Step Functions' events about executions: late, twice, out of order, or about something else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from recorder_world import ID, World

from record_failure import bootstrap
from record_failure.handler import handler


def change(status: str = "FAILED", redrives: int = 0, **others: Any) -> dict[str, Any]:
    """The detail of Step Functions' event about the execution "first"."""
    event = {
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "originals"}, "object": {"key": ID, "size": 7, "sequencer": "5"}},
    }
    return {
        "executionArn": "first",
        "status": status,
        "redriveCount": redrives,
        "error": "Boom",
        "cause": "it broke",
        "input": json.dumps(event),
        "stopDate": 1_795_348_800_000,
        **others,
    }


def test_an_event_of_a_failure_is_recorded(world: World) -> None:
    world.put("PROCESSING", 5)
    handled = world.recorder.handle(change())
    assert (handled.outcome, world.item()["status"]) == ("RECORDED", "FAILED")
    assert handled.execution
    assert handled.execution.stopped == datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_event_of_a_redrive_shows_the_image_as_processing(world: World) -> None:
    world.put("PROCESSING", 5)
    world.recorder.handle(change())
    assert world.recorder.handle(change("RUNNING", 1)).outcome == "RESUMED"
    assert world.item()["status"] == "PROCESSING"


def test_an_event_of_a_first_start_changes_nothing(world: World) -> None:
    world.put("PROCESSING", 5)
    before = world.item()
    assert world.recorder.handle(change("RUNNING")).outcome == "OVERTAKEN"
    assert world.item() == before


@pytest.mark.parametrize("now", [{"status": "SUCCEEDED"}, {"status": "RUNNING", "redriveCount": 1}])
def test_an_event_that_the_execution_has_left_behind_changes_nothing(
    world: World, now: dict[str, Any]
) -> None:
    world.put("PROCESSING", 5)
    world.described.now["first"] = now
    assert world.recorder.handle(change()).outcome == "OVERTAKEN"
    assert world.item()["status"] == "PROCESSING"


def test_a_description_that_lags_behind_the_event_does_not_hide_it(world: World) -> None:
    world.put("PROCESSING", 5)
    world.described.now["first"] = {"status": "RUNNING", "redriveCount": 0}
    assert world.recorder.handle(change()).outcome == "RECORDED"


def test_an_input_too_large_for_the_event_is_taken_from_the_description(world: World) -> None:
    world.put("PROCESSING", 5)
    world.described.now["first"] = {"status": "FAILED", "input": change()["input"]}
    assert world.recorder.handle(change(input=None)).outcome == "RECORDED"


@pytest.mark.parametrize("given", [None, "", "{}", "[1]", "no JSON", '{"detail": 1}'])
def test_an_execution_that_was_started_by_hand_is_left_alone(world: World, given: str | None) -> None:
    assert world.recorder.handle(change(input=given)).outcome == "NOT_OURS"
    assert (world.item(), world.subscribers.messages) == ({}, [])


def test_a_removals_event_keeps_the_tombstone(world: World) -> None:
    world.put("DELETED", 5, replaced="to be removed")
    event = {**json.loads(change()["input"]), "detail-type": "Object Deleted"}
    assert world.recorder.handle(change(input=json.dumps(event))).outcome == "RECORDED"
    assert world.item()["status"] == "DELETED"
    (announced,) = world.subscribers.events
    assert json.loads(announced["Detail"])["workflow"] == "RemoveImage"


def test_events_out_of_order_leave_the_last_failure_on_record(world: World) -> None:
    world.put("PROCESSING", 5)
    for event in (change(redrives=1, error="Second"), change("RUNNING", 1), change(error="First")):
        world.recorder.handle(event)
    assert (world.item()["status"], world.item()["error"]["name"]) == ("FAILED", "Second")
    assert len(world.subscribers.messages) == 1


def test_the_function_counts_what_was_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "recorder", lambda: world.recorder)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Test")
    names = ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")
    context: Any = type("Context", (), dict.fromkeys(names, "x"))
    assert handler({"detail": change()}, context) == {"outcome": "RECORDED"}
    assert '"ImagesFailed":[1.0]' in capsys.readouterr().out
    assert handler({"detail": change(error="ImageRejected")}, context) == {"outcome": "NO_INCIDENT"}
    assert '"ImagesRejected":[1.0]' in capsys.readouterr().out
