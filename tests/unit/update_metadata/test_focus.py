"""Changing the focal point by PATCH: a copy of the original, as by `images focus`; against moto's S3 and DynamoDB."""

from collections.abc import Iterator
from typing import Any

import pytest
from metadata_world import ODD_ID, READY, World, metadata_world

from imageservice.core.original_metadata import REFOCUSED_FROM, UPLOADED_AT
from imageservice.core.timestamps import to_text


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with metadata_world(monkeypatch) as made:
        yield made


def versions(world: World) -> int:
    return len(world.s3.list_object_versions(Bucket="source")["Versions"])


def test_a_focal_point_is_a_copy_of_the_original_that_says_so(world: World) -> None:
    world.put()
    first = world.store(alt="A shoe")
    uploaded = to_text(world.original()["LastModified"])
    code, answer = world.patch({"focus": " .42, 0.180"})
    after = world.original()
    assert (code, answer["changed"], answer["reprocessing"]) == (200, ["focus"], True)
    assert answer["version_id"] == after["VersionId"] != first
    assert after["Metadata"] == {
        "alt": "A shoe",
        "focus": "0.42,0.18",
        REFOCUSED_FROM: first,
        UPLOADED_AT: uploaded,
    }
    assert (after["ContentType"], after["ContentLength"]) == ("image/png", 5)


def test_nothing_but_the_copy_starts_a_workflow(world: World) -> None:
    world.put()
    world.store()
    world.embeds = ("credit",)
    assert world.patch({"focus": "0.1,0.1", "text": {"credit": "Bo"}})[1]["changed"] == [
        "text.credit",
        "focus",
    ]
    assert world.caches.steps == ["refresh 5", "purge 5"]
    assert world.text()["credit"] == "Bo"


def test_the_change_is_on_record_as_that_of_an_operator_is(world: World) -> None:
    world.put()
    world.store()
    world.patch({"focus": "0.1,0.1"})
    world.patch({"focus": None})
    assert sorted(world.acts()) == [("focus", "changed focus")] * 2
    assert world.details() == [{"focus": "0.1,0.1"}, {"focus": "none"}]


def test_the_same_focal_point_twice_is_one(world: World) -> None:
    world.put()
    world.store()
    world.patch({"focus": "0.1,0.1"})
    code, answer = world.patch({"focus": "0.10,.1"}, if_match='"4"')
    assert (code, answer["changed"], answer["reprocessing"]) == (200, [], False)
    assert "version_id" not in answer
    assert versions(world) == 2


def test_null_removes_the_focal_point_and_an_image_without_one_stays_as_it_is(world: World) -> None:
    world.put()
    world.store(focus="0.1,0.1")
    assert world.patch({"focus": None})[1]["changed"] == ["focus"]
    assert "focus" not in world.original()["Metadata"]
    assert world.patch({"focus": None})[1]["changed"] == []
    assert versions(world) == 2


def test_a_focal_point_that_was_invalid_is_removed_or_replaced(world: World) -> None:
    world.put()
    world.store(focus="left <b>")
    assert world.patch({"focus": None})[1]["changed"] == ["focus"]
    assert "focus" not in world.original()["Metadata"]


@pytest.mark.parametrize("tag", ['"3"', "nonsense"])
def test_a_focal_point_for_another_revision_is_refused_and_nothing_copied(world: World, tag: str) -> None:
    world.put()
    world.store()
    assert world.patch({"focus": "0.1,0.1"}, if_match=tag)[0] == 412
    assert versions(world) == 1


def test_a_revision_is_used_up_by_one_focal_point(world: World) -> None:
    world.put()
    world.store()
    assert world.patch({"focus": "0.1,0.1"}, if_match='"4"')[0] == 200
    assert world.patch({"focus": "0.2,0.2"}, if_match='"4"')[0] == 412
    assert world.patch({"focus": "0.2,0.2"}, if_match='"5"')[0] == 200


@pytest.mark.parametrize(
    "focus",
    ["", "0.5", "2,0", "-0.1,0", "left", "0.5,0.5,", "1" * 10_000, "NaN,0", "٠,٠", 0.5, [0.5, 0.5], {}, True],
)
def test_a_hostile_focal_point_is_refused_and_nothing_changed(world: World, focus: object) -> None:
    world.put()
    world.store()
    code, answer = world.patch({"focus": focus, "text": {"alt": "B"}})
    assert (code, "0.42,0.18" in answer["detail"]) == (400, True)
    assert answer["detail"].isprintable()
    assert versions(world) == 1
    assert world.text()["alt"] == "A shoe"


def test_an_image_without_an_original_has_no_focal_point(world: World) -> None:
    world.put()
    world.store()
    world.s3.delete_object(Bucket="source", Key=ODD_ID)
    assert world.patch({"focus": "0.1,0.1"})[0] == 404
    assert world.table.get(ODD_ID) == READY


def test_an_image_in_its_first_processing_gets_one(world: World) -> None:
    item: Any = {"id": ODD_ID, "status": "PROCESSING", "sequencer": "01", "upload": READY["upload"]}
    world.put(item)
    world.store()
    assert world.patch({"focus": "0.1,0.1"})[0] == 200
    assert world.original()["Metadata"]["focus"] == "0.1,0.1"
    assert world.table.get(ODD_ID) == item


def test_metadata_that_is_full_is_refused_by_its_size(world: World) -> None:
    world.put()
    world.store(alt="a" * 2000)
    code, answer = world.patch({"focus": "0.1,0.1", "text": {"alt": "B"}})
    assert (code, "2,048" in answer["detail"]) == (400, True)
    assert versions(world) == 1
    assert world.table.get(ODD_ID) == READY  # nothing of the patch was done
    assert world.patch({"focus": None, "text": {"alt": "B"}})[0] == 200  # what stays as it is takes no room


def test_a_bucket_that_does_not_answer_is_no_detail_for_clients(world: World) -> None:
    world.put()
    code, answer = world.patch({"focus": "0.1,0.1"})  # there is no bucket at all
    assert code in (404, 503)
    assert "bucket" not in answer["detail"].lower()
