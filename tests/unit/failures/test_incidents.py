"""Failures put on record in a table that behaves like DynamoDB, and told of once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from imageservice.adapters.image_table import ImageTable
from imageservice.core.errors import NotAnnounced
from imageservice.failures.failed_execution import FailedExecution, Upload
from imageservice.failures.recorder import Incidents

ID = "a b.jpg"


def sequencer(number: int) -> str:
    return str(number).rjust(32, "0")


def failure(
    execution: str = "first", redrives: int = 0, number: int = 5, removal: bool = False, name: str = "Boom"
) -> FailedExecution:
    upload = Upload(ID, "originals", sequencer(number), "etag", 7, f"v{number}")
    return FailedExecution(execution, redrives, upload, removal, {"name": name, "cause": "it broke"})


@dataclass
class Told:
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


class World:
    def __init__(self, client: Any) -> None:
        self.client, self.told = client, Told()
        self.incidents = Incidents(client, self.told, self.told, "images", "topic", "images")

    def item(self) -> dict[str, Any]:
        return ImageTable(self.client, "images").get(ID) or {}

    def put(self, status: str, number: int, execution: str = "first", **others: Any) -> None:
        item = {"id": ID, "status": status, "sequencer": sequencer(number), "execution": execution, **others}
        self.client.put_item(TableName="images", Item={name: {"S": value} for name, value in item.items()})


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="images",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield World(client)


def test_failure_of_the_latest_upload_is_recorded(world: World) -> None:
    world.put("PROCESSING", 5)
    assert world.incidents.report(failure()) == "RECORDED"
    assert (world.item()["status"], world.item()["error"]["cause"]) == ("FAILED", "it broke")


def test_failure_of_an_upload_that_was_never_registered_makes_its_item(world: World) -> None:
    world.incidents.report(failure())
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
    assert world.incidents.report(failure()) == "RECORDED"
    assert world.item()["sequencer"] == sequencer(5)


def test_failure_of_an_older_upload_is_not(world: World) -> None:
    world.put("PROCESSING", 9, "newer")
    assert world.incidents.report(failure()) == "OVERTAKEN"
    assert world.item()["status"] == "PROCESSING"


@pytest.mark.parametrize("status", ["READY", "REJECTED", "DELETED"])
def test_a_late_event_never_takes_back_what_was_done(world: World, status: str) -> None:
    world.put(status, 5)
    assert world.incidents.report(failure()) == "OVERTAKEN"
    assert world.item()["status"] == status


def test_failure_is_not_told_while_another_execution_works_on_the_same_upload(world: World) -> None:
    world.put("PROCESSING", 5, "the event's other delivery")
    assert world.incidents.report(failure()) == "OVERTAKEN"


def test_rejection_is_no_incident(world: World) -> None:
    world.put("PROCESSING", 5)
    assert world.incidents.report(failure(name="ImageRejected")) == "NO_INCIDENT"
    assert world.told.messages == []


def test_the_same_event_twice_is_told_once(world: World) -> None:
    world.put("PROCESSING", 5)
    world.incidents.report(failure())
    before = world.item()
    assert world.incidents.report(failure()) == "OVERTAKEN"
    assert (len(world.told.messages), len(world.told.events), world.item()) == (1, 1, before)


def test_what_could_not_be_told_is_told_by_the_next_try(world: World) -> None:
    world.put("PROCESSING", 5)
    world.told.failing = 1
    with pytest.raises(NotAnnounced):
        world.incidents.report(failure())
    assert world.incidents.report(failure()) == "RECORDED"
    assert len(world.told.messages) == 1


def test_failure_after_a_redrive_is_told_again(world: World) -> None:
    world.put("PROCESSING", 5)
    world.incidents.report(failure())
    assert world.incidents.report(failure(redrives=1)) == "RECORDED"
    assert len(world.told.messages) == 2


def test_an_older_failure_of_a_redriven_execution_is_not(world: World) -> None:
    world.put("PROCESSING", 5)
    world.incidents.report(failure(redrives=1))
    assert world.incidents.report(failure(redrives=0)) == "OVERTAKEN"
    assert world.item()["error"]["redrives"] == 1


def test_a_replays_failure_takes_the_place_of_the_first(world: World) -> None:
    world.put("PROCESSING", 5)
    world.incidents.report(failure())
    assert world.incidents.report(failure(execution="replay")) == "RECORDED"
    assert world.item()["execution"] == "replay"


def test_a_redriven_image_is_processing_again(world: World) -> None:
    world.put("PROCESSING", 5)
    world.incidents.report(failure())
    assert world.incidents.resumed(ID, "first", 1)
    assert world.item()["status"] == "PROCESSING"


def test_a_late_word_of_a_redrive_does_not_hide_that_it_failed(world: World) -> None:
    world.put("PROCESSING", 5)
    world.incidents.report(failure(redrives=1))
    assert not world.incidents.resumed(ID, "first", 1)
    assert world.item()["status"] == "FAILED"


def test_a_late_word_of_a_redrive_does_not_hide_that_it_succeeded(world: World) -> None:
    world.put("READY", 5)
    assert not world.incidents.resumed(ID, "first", 1)
    assert world.item()["status"] == "READY"


def test_a_failed_removal_keeps_the_tombstone(world: World) -> None:
    world.put("DELETED", 5)
    assert world.incidents.report(failure(removal=True)) == "RECORDED"
    assert (world.item()["status"], world.item()["error"]["name"]) == ("DELETED", "Boom")


def test_a_failed_removal_is_of_no_concern_after_a_new_upload(world: World) -> None:
    world.put("READY", 9)
    assert world.incidents.report(failure(removal=True)) == "OVERTAKEN"


def test_message_says_what_happened_and_what_to_do(world: World) -> None:
    world.put("PROCESSING", 5)
    world.incidents.report(failure(name="CacheUnavailable"))
    (message,) = world.told.messages
    assert "it broke" in message["Message"]
    assert "./scripts/images replay --stack images -- 'a b.jpg'" in message["Message"]


def test_subject_is_what_sns_takes(world: World) -> None:
    world.incidents.report(failure(name="Böse\nüberall" * 20))
    (message,) = world.told.messages
    assert message["Subject"].isascii()
    assert "\n" not in message["Subject"]
    assert len(message["Subject"]) < 100
