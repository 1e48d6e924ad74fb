"""Failures are recorded in a table that behaves like DynamoDB, and announced once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import image_tables
import pytest

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.core.errors import NotAnnounced
from imageservice.core.upload_event import Upload
from imageservice.failures.failed_execution import FailedExecution
from imageservice.failures.notification import Notifier
from imageservice.failures.recorder import FailureRecorder
from record_failure import bootstrap
from record_failure.handler import handler

ID = "a b.jpg"


def sequencer(number: int) -> str:
    return str(number).rjust(32, "0")


def failure(
    execution: str = "first", redrives: int = 0, number: int = 5, removal: bool = False, name: str = "Boom"
) -> FailedExecution:
    upload = Upload(ID, "originals", sequencer(number), "etag", 7, f"v{number}")
    return FailedExecution(execution, redrives, upload, removal, {"name": name, "cause": "it broke"})


@dataclass
class Subscribers:
    """Takes the place of EventBridge and of SNS; fails as often as it is asked to."""

    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    failing: int = 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if self.failing:
            self.failing -= 1
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        self.events += Entries
        return {"FailedEntryCount": 0, "Entries": [{}]}

    def publish(self, **message: Any) -> None:
        self.messages.append(message)


class ExecutionDoesNotExist(Exception):
    """As boto3's client has it under `exceptions`."""


class Described:
    """Takes the place of Step Functions: the current state of an execution, by ARN."""

    class exceptions:  # noqa: N801 - boto3's name
        ExecutionDoesNotExist = ExecutionDoesNotExist

    def __init__(self) -> None:
        self.now: dict[str, dict[str, Any]] = {}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        if executionArn not in self.now:
            raise ExecutionDoesNotExist(executionArn)
        return self.now[executionArn]


class World:
    def __init__(self, client: Any) -> None:
        self.client, self.subscribers, self.described = client, Subscribers(), Described()
        notifier = Notifier(self.subscribers, self.subscribers, "topic", "images")
        self.recorder = FailureRecorder(client, "images", Executions(self.described), notifier)

    def item(self) -> dict[str, Any]:
        return ImageTable(self.client, "images").get(ID) or {}

    def put(self, status: str, number: int, execution: str = "first", **others: Any) -> None:
        item = {"id": ID, "status": status, "sequencer": sequencer(number), "execution": execution, **others}
        self.client.put_item(TableName="images", Item={name: {"S": value} for name, value in item.items()})


@pytest.fixture
def world() -> Iterator[World]:
    with image_tables.dynamodb() as client:
        yield World(client)


def test_failure_of_the_latest_upload_is_recorded(world: World) -> None:
    world.put("PROCESSING", 5)
    assert world.recorder.record(failure()) == "RECORDED"
    assert (world.item()["status"], world.item()["error"]["cause"]) == ("FAILED", "it broke")


def test_failure_of_an_upload_that_was_never_registered_makes_its_item(world: World) -> None:
    world.recorder.record(failure())
    item = world.item()
    assert (item["status"], item["sequencer"], item["execution"]) == ("FAILED", sequencer(5), "first")
    assert item["upload"] == {
        "bucket": "originals",
        "key": ID,
        "etag": "etag",
        "bytes": 7,
        "version_id": "v5",
    }


def test_failure_of_a_newer_upload_than_is_known_takes_the_item(world: World) -> None:
    world.put("READY", 3, "older")
    assert world.recorder.record(failure()) == "RECORDED"
    assert world.item()["sequencer"] == sequencer(5)


def test_failure_of_an_older_upload_is_not(world: World) -> None:
    world.put("PROCESSING", 9, "newer")
    assert world.recorder.record(failure()) == "OVERTAKEN"
    assert world.item()["status"] == "PROCESSING"


@pytest.mark.parametrize("status", ["READY", "REJECTED", "DELETED"])
def test_a_late_event_never_takes_back_what_was_done(world: World, status: str) -> None:
    world.put(status, 5)
    assert world.recorder.record(failure()) == "OVERTAKEN"
    assert world.item()["status"] == status


def test_failure_is_not_announced_while_another_execution_works_on_the_same_upload(world: World) -> None:
    world.put("PROCESSING", 5, "the event's other delivery")
    assert world.recorder.record(failure()) == "OVERTAKEN"


def test_rejection_is_no_incident(world: World) -> None:
    world.put("PROCESSING", 5)
    assert world.recorder.record(failure(name="ImageRejected")) == "NO_INCIDENT"
    assert world.subscribers.messages == []


def test_the_same_failure_twice_is_announced_once(world: World) -> None:
    world.put("PROCESSING", 5)
    world.recorder.record(failure())
    before = world.item()
    assert world.recorder.record(failure()) == "OVERTAKEN"
    assert (len(world.subscribers.messages), len(world.subscribers.events), world.item()) == (1, 1, before)


def test_what_could_not_be_announced_is_announced_by_the_next_try(world: World) -> None:
    world.put("PROCESSING", 5)
    world.subscribers.failing = 1
    with pytest.raises(NotAnnounced):
        world.recorder.record(failure())
    assert world.recorder.record(failure()) == "RECORDED"
    assert len(world.subscribers.messages) == 1


def test_failure_after_a_redrive_is_announced_again(world: World) -> None:
    world.put("PROCESSING", 5)
    world.recorder.record(failure())
    assert world.recorder.record(failure(redrives=1)) == "RECORDED"
    assert len(world.subscribers.messages) == 2


def test_an_older_failure_of_a_redriven_execution_is_not(world: World) -> None:
    world.put("PROCESSING", 5)
    world.recorder.record(failure(redrives=1))
    assert world.recorder.record(failure(redrives=0)) == "OVERTAKEN"
    assert world.item()["error"]["redrives"] == 1


def test_a_replays_failure_takes_the_place_of_the_first(world: World) -> None:
    world.put("PROCESSING", 5)
    world.recorder.record(failure())
    assert world.recorder.record(failure(execution="replay")) == "RECORDED"
    assert world.item()["execution"] == "replay"


def test_a_redriven_image_is_processing_again(world: World) -> None:
    world.put("PROCESSING", 5)
    world.recorder.record(failure())
    assert world.recorder.resume(ID, "first", 1)
    assert world.item()["status"] == "PROCESSING"


def test_a_late_event_of_a_redrive_does_not_hide_that_it_failed(world: World) -> None:
    world.put("PROCESSING", 5)
    world.recorder.record(failure(redrives=1))
    assert not world.recorder.resume(ID, "first", 1)
    assert world.item()["status"] == "FAILED"


def test_a_late_event_of_a_redrive_does_not_hide_that_it_succeeded(world: World) -> None:
    world.put("READY", 5)
    assert not world.recorder.resume(ID, "first", 1)
    assert world.item()["status"] == "READY"


def test_a_failed_removal_keeps_the_tombstone(world: World) -> None:
    world.put("DELETED", 5)
    assert world.recorder.record(failure(removal=True)) == "RECORDED"
    assert (world.item()["status"], world.item()["error"]["name"]) == ("DELETED", "Boom")


def test_a_failed_removal_is_of_no_concern_after_a_new_upload(world: World) -> None:
    world.put("READY", 9)
    assert world.recorder.record(failure(removal=True)) == "OVERTAKEN"


def test_message_says_what_happened_and_what_to_do(world: World) -> None:
    world.put("PROCESSING", 5)
    world.recorder.record(failure(name="CacheUnavailable"))
    (message,) = world.subscribers.messages
    assert "it broke" in message["Message"]
    assert "images replay --stack images -- 'a b.jpg'" in message["Message"]


def test_subject_is_what_sns_takes(world: World) -> None:
    world.recorder.record(failure(name="Böse\nüberall" * 20))
    (message,) = world.subscribers.messages
    assert message["Subject"].isascii()
    assert "\n" not in message["Subject"]
    assert len(message["Subject"]) < 100


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
    world.put("DELETED", 5)
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
