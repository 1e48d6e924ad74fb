"""An image that should be private is hidden whole, or not at all."""

from collections.abc import Iterator
from typing import Any

import moto_stack
import pytest

from imageservice_operator.operations import images
from imageservice_operator.operations.exposure import hide

ID = "in voices/a b.jpg"
KEYS = [f"{ID}/0123456789abcdef/{name}" for name in ("w64.jpg", "w64.webp")]


@pytest.fixture
def world() -> Iterator[moto_stack.World]:
    with moto_stack.world() as made:
        yield made


def put(world: moto_stack.World, status: str = "REJECTED", revision: int = 3) -> images.Image:
    renditions = [
        {"size": "w64", "width": 64, "height": 48, "format": key.rpartition(".")[2], "key": key, "bytes": 1}
        for key in KEYS
    ]
    world.item(ID, status, revision=revision, digest="0123456789abcdef", renditions=renditions)
    for key in KEYS:
        world.stack.client("s3").put_object(Bucket="renditions", Key=key, Body=b"x")
    return images.get(world.stack, ID)


def state(world: moto_stack.World) -> tuple[Any, set[str]]:
    """The item, and the public files."""
    listed = world.stack.client("s3").list_objects_v2(Bucket="renditions")["Contents"]
    return images.get(world.stack, ID).item, {each["Key"] for each in listed} & set(KEYS)


@pytest.mark.parametrize("status", ["PROCESSING", "FAILED"])
def test_an_image_whose_execution_may_still_make_the_same_files_is_left_alone(
    world: moto_stack.World, status: str
) -> None:
    image = put(world, status)
    before = state(world)
    assert not hide(world.stack, image)
    assert state(world) == before


def test_an_image_that_changed_since_it_was_looked_at_is_left_alone(world: moto_stack.World) -> None:
    image = put(world)
    put(world, revision=4)
    before = state(world)
    assert not hide(world.stack, image)
    assert state(world) == before


def test_an_image_of_which_a_file_is_gone_is_left_alone(world: moto_stack.World) -> None:
    image = put(world)
    world.stack.client("s3").delete_object(Bucket="renditions", Key=KEYS[-1])
    before = state(world)
    assert not hide(world.stack, image)
    assert state(world) == before
