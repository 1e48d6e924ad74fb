"""The reconciler repairs what events missed, and touches nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from imageservice.adapters.image_table import ImageTable
from imageservice.failures.reconciler import Reconciler, Report
from imageservice.failures.recorder import Incidents

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = "2026-11-22T11:00:00.000Z"
MACHINE = "arn:aws:states:us-east-1:1:stateMachine:ProcessImage"


class DoesNotExist(Exception):
    """As boto3's client has it under `exceptions`."""


class Executions:
    """What Step Functions knows, by ARN."""

    class exceptions:  # noqa: N801 - boto3's name
        ExecutionDoesNotExist = DoesNotExist

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}

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
        try:
            return self.known[executionArn]
        except KeyError as error:
            raise DoesNotExist(executionArn) from error

    def get_paginator(self, _: str) -> Executions:
        return self

    def paginate(self, stateMachineArn: str, statusFilter: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        listed = [each for each in self.known.values() if each["status"] == statusFilter]
        yield {"executions": sorted(listed, key=lambda each: each["startDate"], reverse=True)}


class Nobody:
    """Is told of failures."""

    def put_events(self, **_: Any) -> dict[str, Any]:
        return {"FailedEntryCount": 0}

    def publish(self, **_: Any) -> None:
        pass


class World:
    def __init__(self, client: Any) -> None:
        self.client, self.executions = client, Executions()
        incidents = Incidents(client, Nobody(), Nobody(), "images", "topic", "images")
        self.reconciler = Reconciler(client, self.executions, "images", incidents)

    def put(self, image_id: str, status: str, execution: str, updated_at: str = LONG_AGO) -> None:
        item = {"id": image_id, "status": status, "execution": execution, "updated_at": updated_at}
        item["sequencer"] = "5".rjust(32, "0")
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
        return ImageTable(self.client, "images").get(image_id) or {}


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        names = ("id", "status", "updated_at")
        client.create_table(
            TableName="images",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-status",
                    "KeySchema": [
                        {"AttributeName": "status", "KeyType": "HASH"},
                        {"AttributeName": "updated_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield World(client)


def test_an_image_whose_execution_runs_is_left_alone(world: World) -> None:
    world.put("a", "PROCESSING", "one")
    world.executions.add("one", "RUNNING", "a")
    before = world.item("a")
    assert world.reconcile() == Report(waiting=["a"])
    assert world.item("a") == before


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
    assert world.reconciler.count("FAILED") == 2
