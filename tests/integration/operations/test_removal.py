"""An image is removed with its original; nothing old brings it back, a new upload does."""

from __future__ import annotations

import getpass
import json
from typing import Any

import pytest
from waiting import HANG_S, until

from imageservice_operator.operations import executions, images, removal, uploads


@pytest.fixture(scope="module")
def removed(service: Any) -> dict[str, Any]:
    """An image that was READY and is removed, with the event of its upload."""
    image_id = "removed/ü+1.jpg"
    (image,) = service.settled(service.upload([image_id])).values()
    event = executions.describe(service.stack, image.execution).input
    ended = service.images("remove", image_id, "--yes")
    return {"id": image_id, "before": image, "event": event, "ended": ended}


def test_command_waits_until_it_is_gone(removed: dict[str, Any]) -> None:
    assert (removed["ended"].code, removed["ended"].lines) == (0, [{"id": removed["id"], "removed": True}])


def test_readers_get_gone(service: Any, removed: dict[str, Any]) -> None:
    url = f"{service.stack.api_url}/images/removed/%C3%BC%2B1.jpg?size=thumb"
    assert service.get(url) == 410
    assert service.get(url.replace("/images/", "/metadata/")) == 410


def test_renditions_are_deleted_at_once(service: Any, removed: dict[str, Any]) -> None:
    listed = service.stack.client("s3").list_objects_v2(
        Bucket=service.stack.processed_bucket, Prefix=f"{removed['id']}/"
    )
    assert listed["KeyCount"] == 0


def test_tombstone_ends_by_itself(service: Any, removed: dict[str, Any]) -> None:
    item = images.get(service.stack, removed["id"]).item
    assert item["expires_at"] > 0
    assert not {"replaced", "renditions", "upload", "error"} & item.keys()


def test_a_late_event_of_the_old_upload_revives_nothing(service: Any, removed: dict[str, Any]) -> None:
    client = service.stack.client("stepfunctions")
    machine = service.stack.machine_arn("ProcessImage")
    arn = client.start_execution(stateMachineArn=machine, input=json.dumps(removed["event"]))["executionArn"]
    until(lambda: executions.describe(service.stack, arn).status != "RUNNING")
    assert executions.describe(service.stack, arn).output == {"id": removed["id"], "status": "SUPERSEDED"}
    assert images.get(service.stack, removed["id"]).status == "DELETED"


def test_a_replay_of_the_old_upload_has_nothing_to_do(service: Any, removed: dict[str, Any]) -> None:
    outcome = service.images("replay", removed["before"].execution).lines[0]
    assert outcome["action"] == "nothing to do"


def test_a_new_upload_revives_the_id(service: Any, removed: dict[str, Any], photo: Any) -> None:
    (image,) = service.settled(service.upload([removed["id"]])).values()
    assert image.status == "READY"
    assert image.revision > removed["before"].revision + 1
    assert "expires_at" not in image.item


def test_the_history_goes_back_past_the_removal_without_a_search(
    service: Any, removed: dict[str, Any]
) -> None:
    found = service.images("history", removed["id"], "--search", "0")
    assert [each["machine"] for each in found.lines] == ["ProcessImage", "RemoveImage", "ProcessImage"]
    assert found.lines[-1]["arn"] == removed["before"].execution
    one = service.images("history", removed["id"], "--search", "0", "--limit", "1")
    assert one.lines == found.lines[:1]


def test_who_removed_it_and_uploaded_it_again_is_on_record(service: Any, removed: dict[str, Any]) -> None:
    (act,) = service.images("audit", "--image", removed["id"]).lines
    assert (act["action"], act["outcome"], act["via"]) == ("remove", "done", "command line")
    assert act["who"] == f"{getpass.getuser()} on this machine"
    assert act["at"] < act["finished_at"]
    original = service.stack.client("s3").head_object(Bucket=service.stack.source_bucket, Key=removed["id"])
    assert original["Metadata"] == {"uploaded-by": f"{act['who']} (command line)"}


def test_one_execution_shows_a_size_its_cost_and_what_differs_from_another(
    service: Any, removed: dict[str, Any]
) -> None:
    first, again = removed["before"].execution, images.get(service.stack, removed["id"]).execution
    (size,) = service.images("history", first, "--state", "Resize thumb").lines
    assert (size["status"], len(size["attempts"]), size["input"]["resize"]["target"]["name"]) == (
        "succeeded",
        1,
        "thumb",
    )
    assert service.images("history", first, "--state", "Nowhere").code == 2
    (compared,) = service.images("history", first, "--compare", again).lines
    assert {each["path"] for each in compared["outputs"]} == {"revision", "digest"}
    only = {each["title"] for each in compared["states"] if each["left"] is None}
    assert "Retire replaced renditions" in only
    (bill,) = service.images("history", first, "--cost").lines
    quantities = {line["name"]: line["quantity"] for line in bill["lines"]}
    assert quantities["Step Functions, state transitions"] == 10  # eight states, and two sizes
    assert quantities["Lambda, GB-seconds (arm64)"] > 0


def test_deleting_an_old_version_for_good_removes_nothing(service: Any) -> None:
    image_id = "removed/versions.jpg"
    (old,) = service.upload([image_id])
    service.settled([old])
    (new,) = service.upload([image_id, image_id])[1:]
    service.settled([new])
    client = service.stack.client("s3")
    client.delete_object(Bucket=service.stack.source_bucket, Key=image_id, VersionId=old.version_id)
    ended = until(lambda: _removals(service, image_id))
    assert [each.output["status"] for each in ended] == ["SUPERSEDED"]
    assert images.get(service.stack, image_id).status == "READY"


def _removals(service: Any, image_id: str) -> list[executions.Execution]:
    found = [each.arn for each in executions.of_status(service.stack, "SUCCEEDED", "RemoveImage")]
    return [each for each in executions.describe_many(service.stack, found) if each.image_id == image_id]


def test_removing_what_is_not_there_is_said(service: Any) -> None:
    ended = service.images("remove", "removed/never.jpg", "--yes")
    assert (ended.code, ended.lines) == (4, [{"id": "removed/never.jpg", "removed": False}])


def test_a_removal_that_fails_keeps_the_tombstone_and_can_be_replayed(service: Any) -> None:
    image_id = "removed/interrupted.jpg"
    service.settled(service.upload([image_id]))
    service.redis.stop()
    try:
        removal.remove(service.stack, image_id)
        until(lambda: images.get(service.stack, image_id).error)
    finally:
        service.redis.start()
    assert images.get(service.stack, image_id).status == "DELETED"
    replayed = service.images("replay", "--all")
    assert [(line["id"], line["result"]) for line in replayed.lines] == [(image_id, "DELETED")]
    replay, remove = service.images("audit", "--image", image_id).lines
    assert (replay["action"], replay["outcome"], replay["execution"]) == (
        "replay",
        "redriven",
        replayed.lines[0]["execution"],
    )
    assert remove["action"] == "remove"
    assert images.get(service.stack, image_id).error is None


def test_upload_is_waited_for_past_the_tombstone_of_an_older_one(service: Any) -> None:
    image_id = "removed/again.jpg"
    service.settled(service.upload([image_id]))
    removal.remove(service.stack, image_id)
    list(removal.wait_until_removed(service.stack, [image_id]))
    sent = service.upload([image_id])
    ((_, image),) = list(uploads.wait_until_settled(service.stack, sent, timeout=HANG_S))
    assert image is not None
    assert image.status == "READY"
