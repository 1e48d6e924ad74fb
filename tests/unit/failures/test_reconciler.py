"""The reconciler records failures whose events were lost, and touches nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import image_tables
import pytest

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.failures.failed_execution import failed_execution, overtaken
from imageservice.failures.notification import Notifier
from imageservice.failures.reconciler import Reconciler, Report
from imageservice.failures.recorder import FailureRecorder
from imageservice.failures.unreported import unreported

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = "2026-11-22T11:00:00.000Z"
MACHINE = "arn:aws:states:us-east-1:1:stateMachine:ProcessImage"


class DoesNotExist(Exception):
    """As boto3's client has it under `exceptions`."""


class StepFunctions:
    """What Step Functions knows, by ARN."""

    class exceptions:  # noqa: N801 - boto3's name
        ExecutionDoesNotExist = DoesNotExist

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.redriven: set[str] = set()
        self.forgotten: set[str] = set()
        self.described = 0

    def add(self, arn: str, status: str, key: str, error: str = "Boom", minutes_ago: float = 60) -> None:
        event = {
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": "originals"}, "object": {"key": key, "sequencer": "5"}},
        }
        started = NOW - timedelta(minutes=minutes_ago)
        self.known[arn] = {
            "executionArn": arn,
            "status": status,
            "input": json.dumps(event),
            "error": error,
            "cause": "it broke",
            "startDate": started,
            "stopDate": started + timedelta(seconds=10),
            "redriveCount": 0,
        }

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.described += 1
        if executionArn not in self.known or executionArn in self.forgotten:
            raise DoesNotExist(executionArn)
        status = {"status": "RUNNING"} if executionArn in self.redriven else {}
        return {**self.known[executionArn], **status}

    def get_paginator(self, _: str) -> StepFunctions:
        return self

    def paginate(self, statusFilter: str, **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803  # boto3 names it so
        listed = [each for each in self.known.values() if each["status"] == statusFilter]
        yield {"executions": sorted(listed, key=lambda each: each["startDate"], reverse=True)}


class NoSubscribers:
    """Takes the place of EventBridge and of SNS."""

    def put_events(self, **_: Any) -> dict[str, Any]:
        return {"FailedEntryCount": 0}

    def publish(self, **_: Any) -> None:
        pass


class World:
    def __init__(self, client: Any) -> None:
        self.client, self.executions = client, StepFunctions()
        self.table = ImageTable(client, "images")
        executions = Executions(self.executions)
        notifier = Notifier(NoSubscribers(), NoSubscribers(), "topic", "images")
        recorder = FailureRecorder(client, "images", executions, notifier, None)
        self.reconciler = Reconciler(self.table, executions, recorder)

    def put(self, image_id: str, status: str, execution: str, updated_at: str = LONG_AGO) -> None:
        item = {"id": image_id, "status": status, "execution": execution, "updated_at": updated_at}
        item["sequencer"] = "5"
        upload = {
            "bucket": {"S": "originals"},
            "key": {"S": image_id},
            "etag": {"S": "e"},
            "bytes": {"N": "7"},
        }
        typed = {**{name: {"S": value} for name, value in item.items()}, "upload": {"M": upload}}
        self.client.put_item(TableName="images", Item=typed)

    def reconcile(self) -> Report:
        return self.reconciler.reconcile([MACHINE], NOW, timedelta(hours=2), timedelta(minutes=10))

    def item(self, image_id: str) -> dict[str, Any]:
        return self.table.get(image_id) or {}


@pytest.fixture
def world() -> Iterator[World]:
    with image_tables.dynamodb() as client:
        yield World(client)


def test_an_image_whose_execution_runs_is_left_alone(world: World) -> None:
    world.put("a", "PROCESSING", "one")
    world.executions.add("one", "RUNNING", "a")
    before = world.item("a")
    assert world.reconcile() == Report(waiting=["a"])
    assert world.item("a") == before


def test_images_whose_executions_run_are_not_asked_about_one_by_one(world: World) -> None:
    for number in range(20):
        world.put(f"{number:02}", "PROCESSING", str(number))
        world.executions.add(str(number), "RUNNING", f"{number:02}")
    world.put("failed", "PROCESSING", "failed")
    world.executions.add("failed", "FAILED", "failed")
    report = world.reconcile()
    assert (len(report.waiting), report.stuck) == (20, ["failed"])
    assert world.executions.described < 5


def test_an_execution_that_runs_and_is_not_listed_is_left_alone(world: World) -> None:
    world.put("a", "PROCESSING", "one")
    world.executions.add("one", "FAILED", "a", minutes_ago=180)  # before the look-back
    world.executions.redriven.add("one")
    assert world.reconcile() == Report(waiting=["a"])


def test_an_image_whose_execution_failed_is_put_on_record(world: World) -> None:
    world.put("a", "PROCESSING", "one")
    world.executions.add("one", "FAILED", "a")
    assert world.reconcile() == Report(stuck=["a"])
    assert (world.item("a")["status"], world.item("a")["error"]["name"]) == ("FAILED", "Boom")


def test_an_image_whose_execution_is_forgotten_can_be_replayed(world: World) -> None:
    world.put("a", "PROCESSING", "gone")
    assert world.reconcile() == Report(stuck=["a"])
    assert world.item("a")["error"]["name"] == "WorkflowLost"


def test_an_image_whose_execution_succeeded_without_it_can_be_replayed(world: World) -> None:
    world.put("a", "PROCESSING", "one")
    world.executions.add("one", "SUCCEEDED", "a")
    assert world.reconcile() == Report(stuck=["a"])


def test_what_changed_just_now_is_left_to_its_event(world: World) -> None:
    world.put("a", "PROCESSING", "one", updated_at="2026-11-22T11:55:00.000Z")
    world.executions.add("one", "FAILED", "a", minutes_ago=5)
    assert world.reconcile() == Report()


def test_a_failure_of_an_upload_that_was_never_registered_is_found(world: World) -> None:
    world.executions.add("one", "TIMED_OUT", "a")
    assert world.reconcile() == Report(missed=["a"])
    assert world.item("a")["status"] == "FAILED"


def test_a_failure_from_before_the_look_back_is_not_looked_at(world: World) -> None:
    world.executions.add("one", "FAILED", "a", minutes_ago=121)
    assert world.reconcile() == Report()


def test_a_rejected_image_is_no_failure(world: World) -> None:
    world.executions.add("one", "FAILED", "a", error="ImageRejected")
    assert world.reconcile() == Report()


@pytest.mark.parametrize("status", ["READY", "REJECTED", "DELETED"])
def test_a_failed_execution_that_another_made_good_changes_nothing(world: World, status: str) -> None:
    world.put("a", status, "another")
    world.executions.add("one", "FAILED", "a")
    before = world.item("a")
    assert world.reconcile() == Report()
    assert world.item("a") == before


def test_what_is_on_record_is_not_reported_again(world: World) -> None:
    world.executions.add("one", "FAILED", "a")
    world.reconcile()
    assert world.reconcile() == Report()


def test_images_of_a_status_are_counted(world: World) -> None:
    world.put("a", "FAILED", "one")
    world.put("b", "FAILED", "two")
    world.put("c", "READY", "three")
    assert world.table.count_with_status("FAILED") == 2


def unreported_ids(world: World, **options: Any) -> list[str]:
    since, until = NOW - timedelta(hours=2), NOW - timedelta(minutes=10)
    executions = Executions(world.executions)
    found = unreported(world.table, executions, [MACHINE], since, until, **options)
    return [failed.upload.id for failed in found]


def test_a_failed_execution_that_an_item_names_is_reported(world: World) -> None:
    world.executions.add("one", "FAILED", "a")
    world.executions.add("two", "ABORTED", "b")
    assert sorted(unreported_ids(world)) == ["a", "b"]
    world.put("a", "FAILED", "one")
    assert unreported_ids(world) == ["b"]


def test_an_execution_that_was_redriven_between_listing_and_describing_is_no_failure(world: World) -> None:
    world.executions.add("one", "FAILED", "a")
    world.executions.redriven.add("one")
    assert unreported_ids(world) == []


def test_an_execution_that_is_forgotten_between_listing_and_describing_is_passed_over(world: World) -> None:
    world.executions.add("one", "FAILED", "a")
    world.executions.forgotten.add("one")
    assert unreported_ids(world) == []


def test_no_more_executions_are_described_than_the_limit(world: World) -> None:
    for number in range(5):
        world.executions.add(str(number), "FAILED", str(number))
    assert len(unreported_ids(world, limit=3)) == 3


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (None, False),
        ({"status": "PROCESSING"}, False),  # without a sequencer: only a failure before registering makes one
        ({"status": "FAILED", "sequencer": "5", "execution": "one"}, False),
        ({"status": "PROCESSING", "sequencer": "5", "execution": "one"}, False),
        ({"status": "PROCESSING", "sequencer": "5", "execution": "two"}, True),
        ({"status": "READY", "sequencer": "5"}, True),
        ({"status": "PROCESSING", "sequencer": "4"}, False),
        ({"status": "READY", "sequencer": "6"}, True),
        ({"status": "DELETED", "sequencer": "6"}, True),
        ({"status": "PROCESSING", "sequencer": "6"}, False),  # if that one is bad, this one is served
        ({"status": "REJECTED", "sequencer": "6"}, False),
        ({"status": "REJECTED", "sequencer": "7", "revision": 1, "served_sequencer": "4"}, False),
        (
            {"status": "REJECTED", "sequencer": "7", "revision": 1, "served_sequencer": "5"},
            False,
        ),  # caches are not
        ({"status": "REJECTED", "sequencer": "7", "revision": 1, "served_sequencer": "6"}, True),
        ({"status": "REJECTED", "sequencer": "7", "revision": 1}, True),  # of version 0.2.0
        ({"status": "PROCESSING", "sequencer": "56"}, False),  # another length: a replay asks S3
    ],
)
def test_a_failure_is_overtaken_by_what_is_newer_or_done(
    world: World, item: dict[str, Any] | None, expected: bool
) -> None:
    world.executions.add("one", "FAILED", "a")
    assert overtaken(failed_execution(world.executions.known["one"]), item) is expected


@pytest.mark.parametrize(
    ("others", "expected"), [({"replaced": []}, False), ({"error": {"name": "Boom"}}, False), ({}, True)]
)
def test_a_failed_removal_is_overtaken_once_the_renditions_are_gone(
    world: World, others: dict[str, Any], expected: bool
) -> None:
    world.executions.add("one", "FAILED", "a")
    description = world.executions.known["one"]
    event = {**json.loads(description["input"]), "detail-type": "Object Deleted"}
    failed = failed_execution({**description, "input": json.dumps(event)})
    assert overtaken(failed, {"status": "DELETED", "sequencer": "5", **others}) is expected
