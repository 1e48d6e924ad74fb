"""The table is lost, or restored to an earlier time: one reprocessing brings every original back."""

from __future__ import annotations

import io
from typing import Any

import pytest

from imageservice_operator.operations import images, uploads
from imageservice_operator.operations.images import Image

IDS = [f"lost/{number}.jpg" for number in range(3)]
REPLACED = IDS[1]


def items(service: Any) -> dict[str, Any]:
    """The images' items, as DynamoDB has them."""
    table = service.stack.client("dynamodb")
    return {
        image_id: table.get_item(TableName=service.stack.image_table, Key={"id": {"S": image_id}})["Item"]
        for image_id in IDS
    }


def replaced(service: Any, data: bytes) -> Image:
    """The image once another photo has replaced it."""
    sent = uploads.upload(service.stack, io.BytesIO(data), REPLACED)
    found: Image = service.settled([sent])[REPLACED]
    assert found.upload["version_id"] == sent.version_id
    return found


@pytest.fixture(scope="module")
def before(service: Any) -> dict[str, Image]:
    return dict(service.settled(service.upload(IDS)))


def test_originals_are_enough_for_a_new_table(service: Any, before: dict[str, Image]) -> None:
    client = service.stack.client("dynamodb")
    for image_id in IDS:
        client.delete_item(TableName=service.stack.image_table, Key={"id": {"S": image_id}})
    service.redis.restart()  # a new table has a new name, and with it new keys in the cache
    ended = service.images("reprocess", "--prefix", "lost/", "--yes")
    assert (ended.code, service.statuses(IDS)) == (0, dict.fromkeys(IDS, "READY"))
    now = images.get_many(service.stack, IDS)
    keys = {image_id: {each["key"] for each in image.renditions} for image_id, image in now.items()}
    assert keys == {
        image_id: {each["key"] for each in image.renditions} for image_id, image in before.items()
    }


def test_what_was_uploaded_after_the_restored_moment_is_found(
    service: Any, before: dict[str, Image], photo: Any
) -> None:
    restored = items(service)
    newer = replaced(service, photo(50))
    client = service.stack.client("dynamodb")
    for item in restored.values():
        client.put_item(TableName=service.stack.image_table, Item=item)
    service.redis.restart()
    (estimate,) = service.images("reprocess", "--prefix", "lost/", "--dry-run").lines
    assert estimate["decisions"] == {"UP_TO_DATE": 2, "PROCESS": 1}
    assert service.images("reprocess", "--prefix", "lost/", "--yes").code == 0
    found = images.get(service.stack, REPLACED)
    assert (found.status, found.upload["version_id"]) == ("READY", newer.upload["version_id"])
    assert {each["key"] for each in found.renditions} == {each["key"] for each in newer.renditions}


def test_the_next_upload_still_wins(service: Any, before: dict[str, Image], photo: Any) -> None:
    assert replaced(service, photo(51)).status == "READY"
