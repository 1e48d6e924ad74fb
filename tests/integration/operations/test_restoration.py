"""A removed or replaced image comes back as one command; nothing newer is lost by it, and nothing is done twice."""

from __future__ import annotations

import io
from typing import Any

import pytest

from imageservice.core.keys import format_of
from imageservice.core.manifest import manifest_of
from imageservice_operator.operations import images, restoration, uploads
from imageservice_operator.operations.errors import OperationFailed

REPLACED = "restored/replaced ü.jpg"


def upload(service: Any, image_id: str, data: bytes) -> uploads.Upload:
    sent = uploads.upload(service.stack, io.BytesIO(data), image_id)
    service.settled([sent])
    return sent


def pixels_served(service: Any, image_id: str) -> dict[str, bytes]:
    """The bytes of each rendition that is served, by size and format."""
    client, bucket = service.stack.client("s3"), service.stack.processed_bucket
    return {
        f"{each['size']}.{each['format']}": client.get_object(Bucket=bucket, Key=each["key"])["Body"].read()
        for each in images.get(service.stack, image_id).renditions
    }


def tags(service: Any, key: str) -> list[Any]:
    client, bucket = service.stack.client("s3"), service.stack.processed_bucket
    return client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]


@pytest.fixture(scope="module")
def replaced(service: Any, photo: Any) -> dict[str, Any]:
    """An image that was replaced, and then restored by the command."""
    first = upload(service, REPLACED, photo(1, (700, 500)))
    before = images.get(service.stack, REPLACED)
    served = pixels_served(service, REPLACED)
    second = upload(service, REPLACED, photo(2))
    # What a copy has and a rendering would not: that it was copied can be seen.
    marked = next(each["key"] for each in before.renditions if each["size"] == "w320")
    service.stack.client("s3").put_object(
        Bucket=service.stack.processed_bucket, Key=marked, Body=b"copied", Tagging="retired=true"
    )
    ended = service.images("restore", REPLACED)
    name = f"w320.{format_of(marked)}"
    return {"first": first, "second": second, "served": {**served, name: b"copied"}, "ended": ended}


def test_a_replaced_image_is_served_as_before_from_the_old_renditions(
    service: Any, replaced: dict[str, Any]
) -> None:
    ended = replaced["ended"]
    assert (ended.code, ended.lines[0]["status"]) == (0, "READY")
    assert ended.lines[0]["restored_from"] == replaced["first"].version_id
    assert pixels_served(service, REPLACED) == replaced["served"]
    image = images.get(service.stack, REPLACED)
    assert [tags(service, each["key"]) for each in image.renditions] == [[]] * len(image.renditions)
    assert image.item["placeholder"]


def test_restoring_twice_says_that_it_is_done(service: Any, replaced: dict[str, Any]) -> None:
    again = service.images("restore", REPLACED)
    assert (again.code, again.lines) == (5, [])
    assert "already" in again.said
    named = service.images("restore", REPLACED, "--version", replaced["first"].version_id)
    assert (named.code, named.lines) == (5, [])


def test_a_restoration_is_undone_by_naming_the_version(service: Any, replaced: dict[str, Any]) -> None:
    undone = service.images("restore", REPLACED, "--version", replaced["second"].version_id)
    assert (undone.code, undone.lines[0]["status"]) == (0, "READY")
    assert images.get(service.stack, REPLACED).source["width"] == 240


def test_every_restoration_is_on_record_with_its_version(service: Any, replaced: dict[str, Any]) -> None:
    acts = service.images("audit", "--image", REPLACED).lines
    (oldest,) = [each for each in acts if each["details"].get("version") == replaced["first"].version_id]
    assert oldest["action"] == "restore"
    assert oldest["outcome"].startswith("restored as version")


def test_a_removed_image_comes_back(service: Any, photo: Any) -> None:
    image_id = "restored/removed.jpg"
    sent = upload(service, image_id, photo(3))
    served = pixels_served(service, image_id)
    assert service.images("remove", image_id, "--yes").code == 0
    ended = service.images("restore", image_id)
    assert (ended.code, ended.lines[0]["restored_from"]) == (0, sent.version_id)
    assert pixels_served(service, image_id) == served
    listed = service.images("restore", image_id, "--list").lines
    assert [(each["latest"], each["removal"]) for each in listed] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_the_text_of_an_image_is_restored_with_it(service: Any, photo: Any) -> None:
    image_id = "restored/described.jpg"
    client, bucket = service.stack.client("s3"), service.stack.source_bucket
    metadata = {"alt": "Zo%C3%AB%27s shoe", "tags": "red,sale"}
    stored = client.put_object(Bucket=bucket, Key=image_id, Body=photo(9), Metadata=metadata)
    service.settled([uploads.Upload(image_id, 0, stored["ETag"].strip('"'), stored["VersionId"])])
    served = manifest_of(images.get(service.stack, image_id).item)["text"]
    assert served == {"alt": "Zoë's shoe", "tags": ["red", "sale"]}
    assert service.images("remove", image_id, "--yes").code == 0
    assert service.images("restore", image_id).code == 0
    assert manifest_of(images.get(service.stack, image_id).item)["text"] == served


def test_a_newer_upload_that_arrives_meanwhile_is_not_overwritten(
    service: Any, photo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = "restored/raced.jpg"
    upload(service, image_id, photo(4))
    upload(service, image_id, photo(5))
    described = restoration._described
    raced: list[uploads.Upload] = []

    def slow(*arguments: Any) -> Any:
        if not raced:
            raced.append(upload(service, image_id, photo(6)))
        return described(*arguments)

    monkeypatch.setattr(restoration, "_described", slow)
    with pytest.raises(OperationFailed, match="meanwhile"):
        restoration.restore(service.stack, image_id)
    newest = next(restoration.versions(service.stack, image_id))
    assert newest.id == raced[0].version_id
    assert service.images("audit", "--image", image_id).lines[0]["outcome"].startswith("failed")


def test_a_version_that_is_gone_is_an_error_that_says_so(service: Any, photo: Any) -> None:
    image_id = "restored/gone.jpg"
    first = upload(service, image_id, photo(7))
    upload(service, image_id, photo(8))
    client = service.stack.client("s3")
    client.delete_object(Bucket=service.stack.source_bucket, Key=image_id, VersionId=first.version_id)
    for arguments in ([], ["--version", first.version_id], ["--version", "nonsense"]):
        ended = service.images("restore", image_id, *arguments)
        assert (ended.code, ended.lines) == (5, [])
        assert "version" in ended.said
    assert service.images("restore", image_id, "--version", "").code == 2
    assert service.images("restore", "restored/never.jpg").code == 4
    assert service.images("restore", "restored/never.jpg", "--list").code == 4
