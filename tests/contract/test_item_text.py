"""An image's text in its item: what the workflows write, and changes that race with them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from item_world import OTHER_PHOTO, World, conforms, running_world
from workflow_states import Evaluate, jsonata

from imageservice.adapters.original_copy import FocalPoints
from imageservice.core.manifest import manifest_of
from imageservice.metadata_changes import MetadataChanges


@pytest.fixture(scope="module")
def evaluate() -> Iterator[Evaluate]:
    with jsonata() as evaluate:
        yield evaluate


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, evaluate: Evaluate) -> Iterator[World]:
    with running_world(monkeypatch, evaluate, "Enabled") as made:
        yield made


def described(world: World) -> dict[str, Any]:
    """The text of the image as readers get it."""
    item = world.item()
    assert item
    return dict(manifest_of(item).get("text", {}))


def test_text_of_an_upload_outlasts_replacements_and_reprocessing(world: World) -> None:
    item = world.ready(metadata={"alt": "A%20shoe", "tags": "red,sale"})
    assert described(world) == {"alt": "A shoe", "tags": ["red", "sale"]}
    assert conforms(item, "READY")
    world.ready(OTHER_PHOTO)
    assert described(world) == {"alt": "A shoe", "tags": ["red", "sale"]}
    world.ready(metadata={"alt": "Another"})
    assert described(world) == {"alt": "Another", "tags": ["red", "sale"]}


def test_an_image_without_text_has_no_attribute_for_it(world: World) -> None:
    item = world.ready()
    assert "text" not in item
    assert not {"text", "text_since"} & set(item["source"])


def test_the_text_of_a_deleted_image_is_not_that_of_the_next_one(world: World) -> None:
    world.ready(metadata={"alt": "Secret"})
    assert world.write(world.started("remove_image", world.deletion()), "Mark deleted")
    world.ready(OTHER_PHOTO)
    assert described(world) == {}


def changed(world: World, text: dict[str, Any], ago: timedelta = timedelta()) -> None:
    """Changes the text as PATCH does, or did some time ago."""
    stored = world.item()
    assert stored
    # A change of text alone reads no original.
    no_originals = FocalPoints(None)
    changes = MetadataChanges(
        world.table,
        lambda _: None,
        None,
        lambda _: (),
        lambda _: None,
        no_originals,
        lambda: datetime.now(UTC) - ago,
    )
    changes.apply(stored["id"], {"text": text})


@pytest.mark.parametrize("order", ["before", "while", "after"])
def test_a_change_is_lost_to_no_execution_that_it_races_with(world: World, order: str) -> None:
    world.ready(metadata={"alt": "A shoe", "credit": "Ann"})
    if order == "before":
        changed(world, {"alt": "Changed", "tags": ["red"]})
    execution = world.resized(OTHER_PHOTO, {"caption": "New"})
    if order == "while":  # the execution has read what the item had
        changed(world, {"alt": "Changed", "tags": ["red"]})
    item = world.write(execution, "Record image")
    if order == "after":
        changed(world, {"alt": "Changed", "tags": ["red"]})
    assert conforms(world.write(execution, "Mark ready"), "READY")
    assert item
    assert described(world) == {"alt": "Changed", "caption": "New", "credit": "Ann", "tags": ["red"]}


def test_a_change_during_the_first_processing_is_shown_with_the_image(world: World) -> None:
    execution = world.resized(metadata={"alt": "A shoe"})
    changed(world, {"alt": "Changed"})
    assert world.write(execution, "Record first image")
    assert described(world) == {"alt": "Changed"}


def test_a_change_outlasts_reprocessing_and_a_failure(world: World) -> None:
    world.ready(metadata={"alt": "A shoe"})
    changed(world, {"alt": None, "credit": "Bo"})
    execution = world.registered()
    world.fail(execution.event)
    assert conforms(world.item(), "FAILED")
    assert described(world) == {"credit": "Bo"}


def test_a_change_of_a_deleted_image_is_not_of_the_next_one(world: World) -> None:
    world.ready(metadata={"alt": "Secret"})
    # Long enough ago: S3 gives the time of an upload in whole seconds.
    changed(world, {"caption": "Secret", "alt": None}, timedelta(minutes=1))
    assert world.write(world.started("remove_image", world.deletion()), "Mark deleted")
    world.ready(OTHER_PHOTO, {"credit": "Ann"})
    assert described(world) == {"credit": "Ann"}
