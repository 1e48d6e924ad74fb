"""Which originals are made again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imageservice.core.keys import digest
from imageservice.core.rendition_plan import RenditionPlan
from imageservice.core.reprocessing import Selection, decide
from imageservice.core.upload_event import Upload, as_replay, upload_from_event
from select_originals.selector import Selector

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


def decided(image: dict[str, Any] | None, plan: str = "plan", **selection: Any) -> str:
    return decide(image, Selection(**selection), plan, "1", NOW)


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


@pytest.mark.parametrize("selection", [{}, {"force": True}, {"only": ("DELETED",)}])
def test_a_tombstone_stays_one(selection: dict[str, Any]) -> None:
    assert decided(item("DELETED"), **selection) == "DELETED"


def test_what_is_under_way_is_left_to_it() -> None:
    assert decided(item("PROCESSING"), force=True) == "UNDER_WAY"


def test_what_has_been_processing_for_longer_than_it_may_is_made_again() -> None:
    assert decided(item("PROCESSING", updated_at="2026-11-16T12:01:00.000Z")) == "UNDER_WAY"
    assert decided(item("PROCESSING", updated_at="2026-11-16T11:59:00.000Z")) == "PROCESS"


def test_a_rejected_image_is_left_alone_unless_asked_for() -> None:
    assert decided(item("REJECTED")) == "REJECTED"
    assert decided(item("REJECTED"), only=("REJECTED",)) == "PROCESS"
    assert decided(item("REJECTED"), force=True) == "PROCESS"


def test_only_the_statuses_asked_for_are_looked_at() -> None:
    assert decided(item("READY"), plan="another", only=("FAILED",)) == "NOT_ASKED_FOR"
    assert decided(None, only=("NEW",)) == "PROCESS"


class Holding:
    """A table whose every image has the same item."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        self._item = item

    def get(self, image_id: str) -> dict[str, Any] | None:
        return self._item


def of_width(width: int, **by_prefix: int) -> RenditionPlan:
    """A plan of one size; other widths below prefixes."""

    def sizes(width: int) -> list[dict[str, Any]]:
        return [{"name": "w", "width": width}]

    rules = [{"prefix": f"{prefix}/", "sizes": sizes(width)} for prefix, width in by_prefix.items()]
    default = {"sizes": sizes(width), "formats": ["fallback"]}
    return RenditionPlan.from_document({"default": default, "rules": rules})


def test_a_changed_rule_leaves_the_images_of_all_others_alone() -> None:
    before = of_width(320, a=100, b=200)
    found = {
        key: item("READY", sequencer="7", digest=digest("v", before.plan_for(key).fingerprint, "1"))
        for key in ("a/1", "b/1", "1")
    }

    def decisions(plan: RenditionPlan) -> dict[str, str]:
        return {
            key: Selector(
                Holding(each), lambda key: Upload(key, "originals", "0", "e", 7, "v"), plan, "1"
            ).select(key, Selection(), NOW)["decision"]
            for key, each in found.items()
        }

    up_to_date = dict.fromkeys(found, "UP_TO_DATE")
    assert decisions(before) == up_to_date
    assert decisions(of_width(320, a=100, b=201)) == {**up_to_date, "b/1": "PROCESS"}
    assert decisions(of_width(321, a=100, b=200)) == {**up_to_date, "1": "PROCESS"}
    assert decisions(of_width(320, b=200)) == {**up_to_date, "a/1": "PROCESS"}
    assert decisions(of_width(320, a=100, b=200, c=7)) == up_to_date


def selector(item: dict[str, Any] | None, original: Upload | None = None) -> Selector:
    return Selector(Holding(item), {"a.jpg": original}.get, of_width(320), "1")


def test_the_event_has_the_uploads_own_sequencer_so_that_a_newer_one_wins() -> None:
    registered = item("READY", sequencer="7")
    selected = selector(registered).select("a.jpg", Selection(), NOW)
    assert selected["decision"] == "PROCESS"
    upload = upload_from_event(selected["event"])
    assert (upload.sequencer, upload.version_id) == ("7", "v")
    assert selected["event"]["detail"]["reason"] == "Reprocess"


def test_a_plan_that_is_sent_decides_and_goes_along_in_the_event() -> None:
    sent = Selector(Holding(item("READY", sequencer="7")), {}.get, of_width(320), "1", sent_plan="{…}")
    event = sent.select("a.jpg", Selection(), NOW)["event"]
    assert event["detail"]["plan"] == "{…}"
    assert "plan" not in as_replay(event)["detail"]
    live = selector(item("READY", sequencer="7")).select("a.jpg", Selection(), NOW)["event"]
    assert "plan" not in live["detail"]


def test_an_original_without_an_image_is_made_of_what_the_bucket_has() -> None:
    original = Upload("a.jpg", "originals", "0", "e", 7, None)
    selected = selector(None, original).select("a.jpg", Selection(force=True), NOW)
    assert selected["event"]["detail"]["object"] == {
        "key": "a.jpg",
        "etag": "e",
        "size": 7,
        "sequencer": "0",
    }
    assert selected["event"]["detail"]["force"] is True


def test_an_original_that_is_gone_meanwhile_counts_as_deleted() -> None:
    assert selector(None).select("a.jpg", Selection(), NOW) == {"key": "a.jpg", "decision": "DELETED"}


def test_what_is_left_alone_has_no_event() -> None:
    assert selector(item("DELETED")).select("a.jpg", Selection(), NOW) == {
        "key": "a.jpg",
        "decision": "DELETED",
    }


def test_a_newer_original_whose_event_was_lost_is_taken_up() -> None:
    newer = Upload("a.jpg", "originals", "0", "other", 9, "v2")
    plan = of_width(320)
    made = digest("v", plan.default.fingerprint, "1")
    current = Selector(Holding(item("READY", sequencer="7", digest=made)), {"a.jpg": newer}.get, plan, "1")
    assert current.select("a.jpg", Selection(), NOW, etag="e")["decision"] == "UP_TO_DATE"
    selected = current.select("a.jpg", Selection(), NOW, etag="other")
    assert upload_from_event(selected["event"]) == newer


@pytest.mark.parametrize("status", ["READY", "REJECTED", "FAILED"])
def test_whatever_came_of_the_older_original_the_newer_one_counts(status: str) -> None:
    assert decide(item(status), Selection(), "plan", "1", NOW, etag="other") == "PROCESS"


def test_a_tombstone_and_work_under_way_stay_also_with_another_original() -> None:
    assert decide(item("DELETED"), Selection(), "plan", "1", NOW, etag="other") == "DELETED"
    assert decide(item("PROCESSING"), Selection(), "plan", "1", NOW, etag="other") == "UNDER_WAY"


def test_an_image_with_a_focal_point_is_up_to_date_by_the_digest_of_it() -> None:
    made = digest("v", "plan", "1", "0.5,0.1")
    focused = {**item("READY", digest=made), "source": {"focus": "0.5,0.1"}}
    assert decide(focused, Selection(), "plan", "1", NOW) == "UP_TO_DATE"
    assert decide({**focused, "source": {}}, Selection(), "plan", "1", NOW) == "PROCESS"
