"""A focal point is changed as one command: only the crops are made again, and the change can be undone."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from waiting import HANG_S

from imageservice_operator.operations import images, original_copy, refocus, uploads
from imageservice_operator.operations.errors import OperationFailed
from imageservice_web.uploads import SignedWithIam, Uploads


def upload(service: Any, image_id: str, data: bytes, focus: str = "") -> uploads.Upload:
    sent = uploads.upload(service.stack, io.BytesIO(data), image_id, focus=focus)
    service.settled([sent])
    return sent


def keys(service: Any, image_id: str) -> dict[str, str]:
    """The key of each rendition that is served, by size and format."""
    renditions = images.get(service.stack, image_id).renditions
    return {f"{each['size']}.{each['format']}": each["key"] for each in renditions}


def written(service: Any, rendition_keys: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """The etag of each object, and when it was written."""
    client, bucket = service.stack.client("s3"), service.stack.processed_bucket
    heads = {name: client.head_object(Bucket=bucket, Key=key) for name, key in rendition_keys.items()}
    return {name: (head["ETag"], head["LastModified"]) for name, head in heads.items()}


def resizes(service: Any, image_id: str) -> int:
    """How many sizes the image's latest execution has made, by its history."""
    execution = images.get(service.stack, image_id).execution
    events = service.stack.client("stepfunctions").get_execution_history(
        executionArn=execution, maxResults=1000
    )["events"]
    return sum(
        event["type"] == "TaskStateEntered" and event["stateEnteredEventDetails"]["name"] == "Resize"
        for event in events
    )


@pytest.fixture(scope="module", params=["command", "API"])
def refocused(service: Any, photo: Any, request: pytest.FixtureRequest) -> dict[str, Any]:
    """An image that got a focal point, with the way of its change."""
    image_id = f"focused/ü {request.param}.jpg"
    upload(service, image_id, photo(11, (700, 500)))
    before = keys(service, image_id)
    kept = {name: key for name, key in before.items() if not name.startswith("thumb")}
    state = written(service, kept)
    status = by_command(service, image_id) if request.param == "command" else by_api(service, image_id)
    return {"id": image_id, "before": before, "kept": kept, "written": state, "status": status}


def by_command(service: Any, image_id: str) -> str:
    ended = service.images("focus", image_id, " .9, 0.50")
    assert ended.code == 0
    return str(ended.lines[0]["status"])


def by_api(service: Any, image_id: str) -> str:
    stack = service.stack
    session = boto3.Session(stack.file.access_key_id, stack.file.secret_access_key)
    site = Uploads(stack.api_url, SignedWithIam(session, stack.region))
    changed = site.focus(image_id, " .9, 0.50")
    assert (changed["changed"], changed["reprocessing"]) == (["focus"], True)
    assert site.focus(image_id, "0.9,0.5")["changed"] == []
    copied = uploads.Upload(image_id, 0, "", changed["version_id"])
    ((_, image),) = uploads.wait_until_settled(service.stack, [copied], timeout=HANG_S)
    return str(image and image.status)


def test_a_new_focal_point_makes_the_crops_again_and_nothing_else(
    service: Any, refocused: dict[str, Any]
) -> None:
    assert refocused["status"] == "READY"
    after = keys(service, refocused["id"])
    assert {name for name, key in after.items() if key != refocused["before"][name]} == {
        name for name in after if name.startswith("thumb")
    }
    assert written(service, refocused["kept"]) == refocused["written"]
    assert resizes(service, refocused["id"]) == 1
    item = images.get(service.stack, refocused["id"]).item
    assert item["source"]["focus"] == "0.9,0.5"
    assert item["placeholder"].startswith("data:image/")


def test_the_same_focal_point_again_changes_nothing(service: Any, refocused: dict[str, Any]) -> None:
    again = service.images("focus", refocused["id"], "0.900,0.5")
    assert (again.code, again.lines) == (5, [])
    assert "already" in again.said


def test_the_change_is_on_record(service: Any, refocused: dict[str, Any]) -> None:
    acts = service.images("audit", "--image", refocused["id"]).lines
    made = [each for each in acts if each["outcome"] != "changed nothing"]
    assert [(each["action"], each["details"]["focus"]) for each in made] == [("focus", "0.9,0.5")]


def test_reprocessing_and_restoring_keep_the_focal_point(service: Any, photo: Any) -> None:
    image_id = "focused/kept.jpg"
    upload(service, image_id, photo(12, (700, 500)), focus="0.1,0.2")
    assert service.images("reprocess", image_id, "--force", "--yes").code == 0
    assert images.get(service.stack, image_id).source["focus"] == "0.1,0.2"
    assert service.images("remove", image_id, "--yes").code == 0
    assert service.images("restore", image_id).code == 0
    assert images.get(service.stack, image_id).source["focus"] == "0.1,0.2"
    assert service.images("focus", image_id, "--clear").code == 0
    assert "focus" not in images.get(service.stack, image_id).source
    assert service.images("restore", image_id).code == 0
    assert images.get(service.stack, image_id).source["focus"] == "0.1,0.2"


def test_a_replacement_has_its_own_focal_point_or_none(service: Any, photo: Any) -> None:
    image_id = "focused/replaced.jpg"
    upload(service, image_id, photo(13), focus="0.1,0.2")
    upload(service, image_id, photo(14))
    assert "focus" not in images.get(service.stack, image_id).source


def test_an_invalid_focal_point_in_a_direct_upload_is_ignored_and_noted(service: Any, photo: Any) -> None:
    image_id = "focused/invalid.jpg"
    client, bucket = service.stack.client("s3"), service.stack.source_bucket
    answer = client.put_object(Bucket=bucket, Key=image_id, Body=photo(15), Metadata={"focus": "left <b>"})
    sent = uploads.Upload(image_id, len(photo(15)), answer["ETag"].strip('"'), answer["VersionId"])
    service.settled([sent])
    image = images.get(service.stack, image_id)
    assert (image.status, image.source["ignored_focus"]) == ("READY", "left <b>")
    assert "focus" not in image.source


def test_an_image_that_is_replaced_meanwhile_keeps_the_newer_upload(
    service: Any, photo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = "focused/raced.jpg"
    upload(service, image_id, photo(16))

    def slow(*arguments: Any, **options: Any) -> Any:
        upload(service, image_id, photo(17))
        return original_copy.copied_with_focus(*arguments, **options)

    monkeypatch.setattr("imageservice_operator.operations.refocus.copied_with_focus", slow)
    with pytest.raises(OperationFailed, match="meanwhile"):
        refocus.refocus(service.stack, image_id, "0.5,0.5")
    assert "focus" not in images.get(service.stack, image_id).source


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["focused/never.jpg", "0.5,0.5"], 4),
        (["focused/never.jpg", "1.5,0.5"], 2),
        (["focused/never.jpg", json.dumps([0, 0])], 2),
        (["focused/never.jpg"], 2),
        (["focused/never.jpg", "0,0", "--clear"], 2),
    ],
)
def test_what_is_no_image_or_no_focal_point_is_refused(service: Any, arguments: list[str], code: int) -> None:
    ended = service.images("focus", *arguments)
    assert (ended.code, ended.lines) == (code, [])


def test_a_change_leaves_the_text_of_the_image_as_old_as_it_was(service: Any, photo: Any) -> None:
    image_id = "focused/text.jpg"
    client, bucket = service.stack.client("s3"), service.stack.source_bucket
    answer = client.put_object(Bucket=bucket, Key=image_id, Body=photo(18), Metadata={"alt": "A boat"})
    sent = uploads.Upload(image_id, len(photo(18)), answer["ETag"].strip('"'), answer["VersionId"])
    service.settled([sent])
    before = images.get(service.stack, image_id).source["text"]
    for focus in ("0.1,0.1", "0.2,0.2"):
        assert service.images("focus", image_id, focus).code == 0
        assert images.get(service.stack, image_id).source["text"] == before
