"""The manifest of an image's item."""

from typing import Any

from imageservice.core.manifest import manifest_of

RENDITION = {"size": "w320", "width": 320, "height": 213, "format": "jpeg", "key": "a/d/w320.jpg", "bytes": 9}
READY: dict[str, Any] = {
    "id": "a",
    "status": "READY",
    "revision": 2,
    "digest": "d",
    "renditions": [RENDITION],
    "aliases": {"w640": "w320"},
    "alpha": False,
    "placeholder": "data:,",
    "color": "#102030",
    "source": {
        "bucket": "b",
        "key": "a",
        "format": "jpeg",
        "width": 330,
        "height": 220,
        "frames": 1,
        "bytes": 77,
    },
    "upload": {"bucket": "b", "key": "a"},
    "updated_at": "2026-11-22T12:00:00Z",
}


def test_a_ready_image_shows_its_renditions_and_what_they_were_made_of() -> None:
    manifest = manifest_of(READY)
    assert manifest["renditions"] == [RENDITION]
    assert (manifest["width"], manifest["height"], manifest["bytes"]) == (330, 220, 77)


def test_a_ready_image_shows_whether_it_is_transparent() -> None:
    assert manifest_of(READY)["alpha"] is False
    assert manifest_of({**READY, "alpha": True})["alpha"] is True
    assert "alpha" not in manifest_of({name: value for name, value in READY.items() if name != "alpha"})


def test_the_manifest_does_not_say_where_the_original_is() -> None:
    assert not {"source", "upload", "bucket", "key"} & set(manifest_of(READY))


def test_while_a_replacement_is_processed_the_last_good_renditions_are_served() -> None:
    assert manifest_of({**READY, "status": "PROCESSING"})["status"] == "READY"


def test_a_failed_or_rejected_replacement_does_not_take_the_last_good_renditions_away() -> None:
    failed = {**READY, "status": "FAILED", "error": {"name": "E", "cause": "c"}}
    assert manifest_of(failed)["renditions"] == [RENDITION]
    assert "error" not in manifest_of(failed)


def test_a_rejected_first_upload_tells_why() -> None:
    item = {"id": "a", "status": "REJECTED", "error": {"name": "ImageRejected", "cause": "Too large."}}
    assert manifest_of(item)["error"] == {"name": "ImageRejected", "cause": "Too large."}


def test_an_item_that_was_never_recorded_has_revision_0() -> None:
    assert manifest_of({"id": "a", "status": "PROCESSING"})["revision"] == 0


def test_a_tombstone_tells_nothing_but_that_the_image_is_deleted() -> None:
    assert manifest_of({**READY, "status": "DELETED"}) == {"id": "a", "status": "DELETED", "revision": 2}
