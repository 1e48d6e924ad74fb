"""What a change of the focal point leaves as it is."""

from typing import Any

import pytest

from imageservice.adapters.plan_loader import load_plan
from imageservice.core.item import UploadRecord
from imageservice.core.original import Original
from imageservice.core.original_metadata import Notes
from imageservice.core.rendition_plan import RenditionPlan
from imageservice.core.resize_plan import ResizePlan, plan_resizes, rendition, target_of

FIRST = UploadRecord(bucket="b", key="a.jpg", bytes=10, etag="e", version_id="v1")
COPY = UploadRecord(bucket="b", key="a.jpg", bytes=10, etag="e", version_id="v2")
PHOTO = Original("jpeg", 4272, 2848, 1, False)
FORMATS = ("avif", "webp", "jpeg")
MOVED = Notes(refocused_from="v1", focus="0.1,0")


def served(plan: RenditionPlan, notes: Notes = Notes()) -> dict[str, Any]:  # noqa: B008 - it is frozen
    """The item of the first upload, made by the plan."""
    planned = plan_resizes(FIRST, PHOTO, plan, "1", notes=notes)
    targets = [target_of(each) for each in planned["resizes"]]
    renditions = [
        rendition("a.jpg", planned["digest"], target, name, (target.width, target.height), 9)
        for target in targets
        for name in FORMATS
    ]
    return {
        "source": planned["source"],
        "digest": planned["digest"],
        "renditions": renditions,
        "alpha": False,
        "placeholder": "data:image/webp;base64,AA==",
        "color": "#112233",
    }


def planned(item: dict[str, Any], notes: Notes = MOVED, upload: UploadRecord = COPY) -> ResizePlan:
    return plan_resizes(upload, PHOTO, load_plan(), "1", notes=notes, served=item)


def sizes(resizes: list[dict[str, Any]]) -> list[str]:
    return [each["target"]["name"] for each in resizes]


def test_only_the_crops_are_made_and_the_rest_keeps_its_keys() -> None:
    before = served(load_plan())
    after = planned(before)
    assert sizes(after["resizes"]) == ["thumb"]
    whole = [each for each in before["renditions"] if each["size"] != "thumb"]
    assert after["kept"] == {
        "renditions": whole,
        "alpha": False,
        "placeholder": before["placeholder"],
        "color": before["color"],
    }
    assert after["kept_from"] == before["digest"] != after["digest"]


def test_what_stays_describes_the_image_so_no_crop_does() -> None:
    assert [each["describe"] for each in planned(served(load_plan()))["resizes"]] == [False]


def test_taking_the_focal_point_away_makes_the_crops_alone_too() -> None:
    before = served(load_plan(), Notes(focus="0.1,0"))
    assert sizes(planned(before, Notes(refocused_from="v1"))["resizes"]) == ["thumb"]


def test_an_image_without_crops_has_nothing_to_make() -> None:
    plan = RenditionPlan.from_document({"sizes": [{"name": "w", "width": 320}], "formats": list(FORMATS)})
    after = plan_resizes(COPY, PHOTO, plan, "1", notes=MOVED, served=served(plan))
    assert (sizes(after["resizes"]), len(after["kept"]["renditions"])) == ([], 3)


@pytest.mark.parametrize(
    "differs",
    [
        {"digest": "0123456789abcdef"},
        {"source": {**served(load_plan())["source"], "version_id": "v0"}},
        {"source": {**served(load_plan())["source"], "bytes": 11}},
        {"source": {}},
        {"renditions": []},
    ],
    ids=["another plan or engine", "another version", "other bytes", "no source", "no renditions"],
)
def test_everything_is_made_unless_the_very_copy_is_served_by_this_plan(differs: dict[str, Any]) -> None:
    after = planned({**served(load_plan()), **differs})
    assert len(after["resizes"]) == 5
    assert (after["kept"], after["kept_from"]) == ({}, "")


def test_an_image_of_an_older_version_without_its_description_is_made_in_full() -> None:
    item = served(load_plan())
    del item["alpha"]
    assert len(planned(item)["resizes"]) == 5


def test_a_size_that_lacks_a_format_is_made_again() -> None:
    item = served(load_plan())
    item["renditions"] = [each for each in item["renditions"] if each["key"][-9:] != "w640.webp"]
    assert sizes(planned(item)["resizes"]) == ["thumb", "w640"]


def test_an_upload_that_is_no_copy_is_made_in_full_whatever_is_served() -> None:
    assert len(planned(served(load_plan()), Notes(focus="0.1,0"))["resizes"]) == 5
    assert planned({}, MOVED)["kept_from"] == ""
