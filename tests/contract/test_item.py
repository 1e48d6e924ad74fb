"""What the workflows write is the item that imageservice.core.item describes, in each status.

The states' own expressions and the functions' own answers meet moto's DynamoDB and S3; a failure is recorded by the
recorder itself.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from item_world import GLASS, OTHER_PHOTO, PHOTO, World, conforms, running_world
from typed_dicts import mismatches
from workflow_states import Evaluate, jsonata

from dev.checks import ROOT
from imageservice.adapters.plan_loader import load_plan
from imageservice.core.item import Item, UploadRecord
from imageservice.core.manifest import manifest_of
from imageservice.core.rendition_plan import AUTO_TARGET
from inspect_original import bootstrap as inspect_bootstrap


@pytest.fixture(scope="module")
def evaluate() -> Iterator[Evaluate]:
    with jsonata() as evaluate:
        yield evaluate


@pytest.fixture(params=["Enabled", "Suspended"])
def world(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, evaluate: Evaluate
) -> Iterator[World]:
    with running_world(monkeypatch, evaluate, request.param) as made:
        yield made


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "UNKNOWN"},
        {"upload": {"bucket": "originals", "key": "a", "etag": "e"}},
        {"upload": {"bucket": "originals", "key": "a", "etag": "e", "bytes": "7"}},
        {"renditions": [{"size": "thumb"}]},
        {"surprise": 1},
    ],
    ids=["unknown status", "missing", "text for a number", "half a rendition", "unknown attribute"],
)
def test_an_item_that_differs_from_its_description_is_noticed(world: World, broken: dict[str, Any]) -> None:
    item = world.write(world.started("process_image", world.upload()), "Register upload")
    assert item
    assert list(mismatches({**item, **broken}, Item)) != []


def test_a_registered_upload_is_a_processing_item(world: World) -> None:
    execution = world.started("process_image", world.upload())
    item = world.write(execution, "Register upload")
    assert conforms(item, "PROCESSING")


def test_a_registered_upload_names_its_version_where_the_bucket_has_any(world: World) -> None:
    event = world.upload()
    item = world.write(world.started("process_image", event), "Register upload")
    assert item
    assert list(mismatches(item["upload"], UploadRecord)) == []
    assert item["upload"].get("version_id") == event["detail"]["object"].get("version-id")


def test_a_recorded_image_is_a_ready_item_once_it_is_marked(world: World) -> None:
    execution = world.resized()
    recorded = world.write(execution, "Record image")
    assert conforms(recorded, "PROCESSING")
    ready = world.write(execution, "Mark ready")
    assert conforms(ready, "READY")
    assert ready
    assert {rendition["size"] for rendition in ready["renditions"]} >= {"thumb", "w320"}
    assert ready["placeholder"].startswith("data:image/")
    assert ready["alpha"] is False


def test_a_transparent_image_is_recorded_as_such(world: World) -> None:
    ready = world.ready(GLASS)
    assert ready["alpha"] is True
    assert {rendition["format"] for rendition in ready["renditions"]} == {"avif", "webp", "png"}


def test_receipts_of_a_search_for_quality_are_in_the_manifest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = {"formats": ["webp", "fallback"], "sizes": [{"name": "w64", "width": 64}], "quality": "auto"}
    inspection = inspect_bootstrap.dependencies()._replace(plan=load_plan(json.dumps(plan)))
    monkeypatch.setattr(inspect_bootstrap, "dependencies", lambda: inspection)
    manifest = manifest_of(world.ready())
    assert [each["search"]["score"] >= AUTO_TARGET for each in manifest["renditions"]] == [True, True]
    jsonschema.validate(
        manifest, json.loads((ROOT / "functions/imageservice/core/manifest.schema.json").read_text())
    )


def test_a_replaced_image_keeps_what_is_served_while_the_new_upload_is_processed(world: World) -> None:
    first = world.ready()
    execution = world.started("process_image", world.upload(OTHER_PHOTO))
    item = world.write(execution, "Register upload")
    assert conforms(item, "PROCESSING")
    assert item
    assert item["renditions"] == first["renditions"]


def test_a_replacement_lists_what_it_replaced(world: World) -> None:
    first = world.ready()
    execution = world.resized(OTHER_PHOTO)
    item = world.write(execution, "Record image")
    assert conforms(item, "PROCESSING")
    assert item
    assert item["replaced"] == first["renditions"]
    assert conforms(world.write(execution, "Mark ready"), "READY")


def test_a_recorded_first_image_is_a_ready_item_once_it_is_marked(world: World) -> None:
    execution = world.resized()
    recorded = world.write(execution, "Record first image")
    assert conforms(recorded, "PROCESSING")
    ready = world.write(execution, "Mark ready")
    assert conforms(ready, "READY")
    assert ready
    assert (ready["revision"], ready["replaced"]) == (1, [])


def test_a_first_image_is_not_recorded_over_another_one(world: World) -> None:
    assert world.ready()
    assert world.write(world.resized(OTHER_PHOTO), "Record first image") is None


def test_a_first_image_is_not_recorded_once_a_newer_upload_is_known(world: World) -> None:
    execution = world.resized()
    world.registered(OTHER_PHOTO)
    assert world.write(execution, "Record first image") is None


def test_a_rejected_upload_is_a_rejected_item_with_the_reason(world: World) -> None:
    item = world.write(world.inspected(b"no image"), "Record rejection")
    assert conforms(item, "REJECTED")
    assert item
    assert item["error"]["name"] == "ImageRejected"
    assert "not accepted" in item["error"]["cause"]


def test_an_upload_whose_pixels_are_cut_off_is_a_rejected_item_with_the_reason(world: World) -> None:
    item = world.write(world.resized(PHOTO[:-40]), "Record rejection")
    assert conforms(item, "REJECTED")
    assert item
    assert re.search("cut off|damaged", item["error"]["cause"])


def test_a_rejected_replacement_is_a_rejected_item_that_is_still_served(world: World) -> None:
    first = world.ready()
    item = world.write(world.inspected(b"no image"), "Record rejection")
    assert conforms(item, "REJECTED")
    assert item
    assert item["renditions"] == first["renditions"]


def test_a_failed_execution_leaves_a_failed_item(world: World) -> None:
    event = world.upload()
    assert world.write(world.started("process_image", event), "Register upload")
    world.fail(event)
    assert conforms(world.item(), "FAILED")


def test_a_failure_before_registration_leaves_a_failed_item(world: World) -> None:
    world.fail(world.upload())
    assert conforms(world.item(), "FAILED")


def test_a_failed_removal_leaves_a_tombstone_with_the_error(world: World) -> None:
    world.ready()
    event = world.deletion()
    assert world.write(world.started("remove_image", event), "Mark deleted")
    world.fail(event, removal=True)
    item = world.item()
    assert conforms(item, "DELETED")
    assert item
    assert item["error"]["name"] == "Boom"


def test_a_deleted_image_is_a_tombstone_until_and_after_its_renditions_go(world: World) -> None:
    world.ready()
    execution = world.started("remove_image", world.deletion())
    marked = world.write(execution, "Mark deleted")
    assert conforms(marked, "DELETED")
    assert marked
    assert marked["replaced"]
    removed = world.write(execution, "Mark removed")
    assert conforms(removed, "DELETED")
    assert removed
    assert "replaced" not in removed


def test_a_deletion_of_an_unknown_image_is_a_tombstone_with_nothing_to_remove(world: World) -> None:
    item = world.write(world.started("remove_image", world.deletion()), "Mark deleted")
    assert conforms(item, "DELETED")
    assert item
    assert item["replaced"] == []


def test_an_upload_after_a_deletion_is_a_processing_item_that_does_not_expire(world: World) -> None:
    world.ready()
    assert world.write(world.started("remove_image", world.deletion()), "Mark deleted")
    execution = world.started("process_image", world.upload())
    assert conforms(world.write(execution, "Register upload"), "PROCESSING")


@pytest.mark.parametrize("world", ["Enabled"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "version", "removes"),
    [
        ("Delete Marker Created", "a-marker", True),
        ("Permanently Deleted", "the upload's", True),
        ("Permanently Deleted", "an-older-one", False),
        ("Permanently Deleted", None, True),
    ],
)
def test_only_the_deletion_of_the_latest_version_removes_the_image(
    world: World, kind: str, version: str | None, removes: bool
) -> None:
    latest = world.ready()["upload"]["version_id"]
    event = world.deletion(kind, latest if version == "the upload's" else version)
    marked = world.write(world.started("remove_image", event), "Mark deleted")
    assert (marked is not None) == removes


def test_a_reprocessing_takes_up_a_ready_image_and_a_second_delivery_does_not(world: World) -> None:
    execution = world.resized()
    assert world.write(execution, "Record image")
    assert world.write(execution, "Mark ready")
    again = execution.event
    assert world.write(world.started("process_image", again), "Register upload") is None
    again["detail"]["reason"] = "Reprocess"
    assert conforms(world.write(world.started("process_image", again), "Register upload"), "PROCESSING")


def test_a_forced_reprocessing_knows_no_recorded_digest(world: World) -> None:
    digest = world.ready()["digest"]
    event = world.upload()
    unforced = world.started("process_image", event)
    assert world.write(unforced, "Register upload")
    assert unforced.arguments("Inspect original")["Payload"]["recorded_digest"] == digest
    event["detail"]["force"] = True
    forced = world.started("process_image", event)
    assert world.write(forced, "Register upload")
    assert forced.arguments("Inspect original")["Payload"]["recorded_digest"] == ""
