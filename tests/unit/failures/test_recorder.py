"""Failures are recorded in a table that behaves like DynamoDB, and announced once."""

from __future__ import annotations

import pytest
from recorder_world import ID, World, failure, sequencer

from imageservice.core.errors import NotAnnounced


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
    world.put("PROCESSING", 5, "replay")
    assert world.recorder.record(failure(execution="replay")) == "RECORDED"
    assert world.item()["execution"] == "replay"


def test_a_delivery_that_gave_way_does_not_hide_the_failure_of_the_one_that_has_the_image(
    world: World,
) -> None:
    """A replay of that one makes the image; a replay of the other would only give way again."""
    world.put("PROCESSING", 5)
    world.recorder.record(failure())
    assert world.recorder.record(failure(execution="the event's other delivery")) == "OVERTAKEN"
    assert world.item()["error"]["execution"] == "first"


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


def test_a_failed_removal_is_of_no_concern_once_another_execution_has_removed_all(world: World) -> None:
    world.put("DELETED", 5)
    assert world.recorder.record(failure(removal=True)) == "OVERTAKEN"


def test_a_failed_removal_keeps_the_tombstone(world: World) -> None:
    world.put("DELETED", 5, replaced="to be removed")
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
