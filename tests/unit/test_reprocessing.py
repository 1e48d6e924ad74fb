"""Which originals are made again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imageservice.core.keys import digest
from imageservice.core.reprocessing import Wanted, decide, event_for
from imageservice.failures.failed_execution import upload_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
UPLOAD = {"bucket": "originals", "key": "a.jpg", "etag": "e", "bytes": 7, "version_id": "v"}


def item(status: str, **others: Any) -> dict[str, Any]:
    current = digest("v", "plan", "1")
    return {
        "status": status,
        "upload": UPLOAD,
        "digest": current,
        "updated_at": "2026-11-22T11:59:00.000Z",
        **others,
    }


def decided(image: dict[str, Any] | None, plan: str = "plan", **wanted: Any) -> str:
    return decide(image, Wanted(**wanted), plan, "1", NOW)


def test_what_is_up_to_date_is_left_alone() -> None:
    assert decided(item("READY")) == "UP_TO_DATE"


def test_what_another_plan_makes_otherwise_is_made_again() -> None:
    assert decided(item("READY"), plan="another") == "PROCESS"


def test_what_is_up_to_date_is_made_again_by_force() -> None:
    assert decided(item("READY"), force=True) == "PROCESS"


def test_an_original_that_was_never_taken_up_is() -> None:
    assert decided(None) == "PROCESS"


def test_what_failed_is_made_again_whatever_its_digest() -> None:
    assert decided(item("FAILED")) == "PROCESS"


@pytest.mark.parametrize("wanted", [{}, {"force": True}, {"only": ("DELETED",)}])
def test_a_tombstone_stays_one(wanted: dict[str, Any]) -> None:
    assert decided(item("DELETED"), **wanted) == "DELETED"


def test_what_is_under_way_is_left_to_it() -> None:
    assert decided(item("PROCESSING"), force=True) == "UNDER_WAY"


def test_what_has_been_processing_for_longer_than_it_may_is_made_again() -> None:
    assert decided(item("PROCESSING", updated_at="2026-11-22T10:59:00.000Z")) == "PROCESS"


def test_a_rejected_image_is_left_alone_unless_asked_for() -> None:
    assert decided(item("REJECTED")) == "REJECTED"
    assert decided(item("REJECTED"), only=("REJECTED",)) == "PROCESS"
    assert decided(item("REJECTED"), force=True) == "PROCESS"


def test_only_the_statuses_asked_for_are_looked_at() -> None:
    assert decided(item("READY"), plan="another", only=("FAILED",)) == "NOT_ASKED_FOR"
    assert decided(None, only=("NEW",)) == "PROCESS"


def test_event_carries_the_uploads_own_sequencer_so_that_a_newer_one_wins() -> None:
    event = event_for("originals", UPLOAD, "7".rjust(32, "0"), False, NOW)
    upload = upload_of(event)
    assert (upload.sequencer, upload.version_id, event["detail"]["reason"]) == (
        "7".rjust(32, "0"),
        "v",
        "Reprocess",
    )


def test_event_of_an_unversioned_bucket_has_no_version() -> None:
    event = event_for("originals", {"key": "a.jpg", "etag": "e", "bytes": 7}, "0", True, NOW)
    assert event["detail"]["object"] == {"key": "a.jpg", "etag": "e", "size": 7, "sequencer": "0"}
