"""An upload in its three forms: event, item, event again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imageservice.core.upload_event import (
    Upload,
    as_replay,
    is_removal,
    upload_from_event,
    upload_from_item,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {
        "bucket": {"name": "originals"},
        "object": {"key": "a+b%20é.jpg", "size": 7, "etag": "e", "version-id": "v", "sequencer": "1F"},
    },
}
UPLOAD = Upload("a+b%20é.jpg", "originals", "1F", "e", 7, "v")


def test_an_upload_is_read_from_the_event_with_its_raw_key_and_sequencer() -> None:
    assert upload_from_event(EVENT) == UPLOAD


def test_an_upload_is_the_same_from_the_item_as_from_the_event() -> None:
    item = {"id": UPLOAD.id, "sequencer": UPLOAD.sequencer, "upload": UPLOAD.record()}
    assert upload_from_item(item) == UPLOAD


@pytest.mark.parametrize("reason", ["Replay", "Reprocess"])
def test_an_event_made_from_an_upload_is_read_as_that_upload(reason: Any) -> None:
    event = UPLOAD.created_event(reason, force=True, moment=NOW)
    assert upload_from_event(event) == UPLOAD
    assert (event["detail"]["reason"], event["detail"]["force"]) == (reason, True)
    assert (event["source"], event["time"]) == ("image-service", "2026-11-22T12:00:00.000Z")


def test_what_is_not_known_of_a_deletion_is_left_out() -> None:
    event = {"detail": {"bucket": {"name": "b"}, "object": {"key": "k", "sequencer": "1"}}}
    upload = upload_from_event(event)
    assert upload.record() == {"bucket": "b", "key": "k"}
    assert set(upload.created_event("Replay")["detail"]["object"]) == {"key", "sequencer"}


def test_an_empty_object_keeps_its_size() -> None:
    assert Upload("a/", "b", "1", "e", 0, None).record()["bytes"] == 0


def test_a_deletion_is_recognized_by_its_detail_type() -> None:
    assert is_removal({"detail-type": "Object Deleted"})
    assert not is_removal(EVENT)


def test_a_replay_is_marked_and_changes_nothing_else() -> None:
    replay = as_replay(EVENT)
    assert replay["detail"].pop("reason") == "Replay"
    assert replay == EVENT


def test_a_replayed_reprocessing_stays_one() -> None:
    assert as_replay(UPLOAD.created_event("Reprocess"))["detail"]["reason"] == "Reprocess"


def test_a_replayed_image_of_a_run_no_longer_belongs_to_it() -> None:
    """The run may have purged the CDN long ago: the replay does it for itself."""
    event = UPLOAD.created_event("Reprocess")
    event["detail"]["run"] = "arn"
    assert "run" not in as_replay(event)["detail"]


def test_the_given_event_is_left_as_it_is() -> None:
    as_replay(EVENT)
    assert "reason" not in EVENT["detail"]


@pytest.mark.parametrize(
    "event", [{}, {"detail": {}}, {"detail": {"object": {"key": "a"}, "bucket": {"name": "b"}}}]
)
def test_what_is_no_event_of_an_upload_is_a_key_error(event: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        upload_from_event(event)
