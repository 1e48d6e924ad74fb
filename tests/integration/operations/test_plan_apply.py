"""A new plan: its effect before anything is done, a canary and a pause, kills in the middle, and the way back."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from plan_world import NEW, OLD, PlanWorld, change_with_kills, expected, plan_world

from imageservice_operator.operations import audit, images, plan_journal, uploads
from imageservice_operator.operations.plan_deployment import PLAN, WIDTHS, parameters

IDS = [f"{folder}/{number:02}.jpg" for folder in ("a", "b") for number in range(4)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlanWorld]:
    with plan_world(tmp_path_factory.mktemp("plans")) as world:
        world.upload(IDS)
        yield world


def of_the_new_plan(world: PlanWorld) -> list[str]:
    return [image_id for image_id, made in world.made(IDS).items() if made == expected(NEW, IDS)[image_id]]


def test_diff_shows_the_effect_and_changes_nothing(world: PlanWorld) -> None:
    page = world.state_dir / "diff.html"
    before = images.get_many(world.stack, IDS)
    (shown,) = world.run("plan", "diff", str(world.plan(NEW)), "--sample", "200", "--page", str(page))
    assert (shown["to_make"], shown["rules"]) == (8, {"b/": 4, "": 4})
    # One size instead of two, and the retirement of what is replaced; nothing is estimated, since all were made.
    assert shown["transitions"] == {"total": 13 * 8, "margin": 0.0}
    assert (shown["bytes"]["total"] < 0, shown["bytes"]["margin"]) == (True, 0.0)
    assert 0 < shown["dollars"]["total"] < 1
    assert [change["removed"] for change in shown["changes"]] == [["w24"], ["w24"]]
    html = page.read_text()
    assert (html.count("mix-blend-mode"), html.count("<h2>"), html.count("data:image/jpeg")) == (1, 8, 32)
    assert images.get_many(world.stack, IDS) == before
    made = world.stack.client("s3").list_objects_v2(Bucket=world.stack.processed_bucket)["Contents"]
    served = {each["key"] for image in before.values() for each in image.renditions}
    for key in {each["Key"] for each in made} - served:
        tags = world.stack.client("s3").get_object_tagging(Bucket=world.stack.processed_bucket, Key=key)
        assert tags["TagSet"] == [{"Key": "retired", "Value": "true"}]


def test_the_canary_is_made_first_and_can_be_taken_back(world: PlanWorld) -> None:
    _, paused = world.run("plan", "apply", str(world.plan(NEW)), "--canary", "b/0")
    assert (paused["stage"], paused["up_to_date"], paused["others"]) == ("PAUSED", 4, {})
    assert paused["bytes"] < paused["bytes_before"]
    assert sorted(of_the_new_plan(world)) == IDS[4:]
    assert json.loads(parameters(world.stack)[PLAN]) == OLD
    refused = world.start("plan", "apply", str(world.plan(OLD)))
    assert (refused.wait(), "--rollback" in refused.communicate()[0]) == (2, True)
    latest = plan_journal.read(world.stack)
    assert latest is not None
    # Step Functions forgets a run after 90 days; the object may be older.
    plan_journal.write(
        world.stack,
        latest,
        run=world.stack.output("ReprocessImagesArn").replace("stateMachine", "execution") + ":gone",
    )
    (back,) = world.run("plan", "apply", "--rollback")
    assert (back["stage"], of_the_new_plan(world)) == ("ROLLED_BACK", [])
    recorded = audit.since(world.stack, datetime.now(UTC) - timedelta(days=1))
    assert [entry.action for entry in recorded][:2] == ["plan rollback", "plan apply"]


def test_a_change_that_is_killed_comes_to_its_end_and_back_while_readers_read(
    world: PlanWorld,
) -> None:
    change_with_kills(world, IDS, ("CANARY", "MAKING"), "--canary", "b/")
    assert json.loads(parameters(world.stack)[PLAN]) == OLD
    assert parameters(world.stack)[WIDTHS] == "16,24"


def test_an_image_keeps_its_focal_point_under_a_new_plan_and_on_the_way_back(world: PlanWorld) -> None:
    """The left of the photo is red and the right, where the focal point is, blue."""
    photo = Image.new("RGB", (80, 40), (200, 0, 0))
    photo.paste((0, 0, 200), (40, 0, 80, 40))
    photo.save(sent := io.BytesIO(), "PNG")
    sent.seek(0)
    uploaded = uploads.upload(world.stack, sent, "f/1.png", focus="1,0.5")
    list(uploads.wait_until_settled(world.stack, [uploaded]))
    before = images.get(world.stack, "f/1.png")
    square = {"name": "thumb", "width": 16, "height": 16, "fit": "cover"}
    cropping = {"default": OLD, "rules": [{"prefix": "f/", "sizes": [square]}]}
    _, paused = world.run("plan", "apply", str(world.plan(cropping)), "--canary", "f/")
    assert (paused["stage"], paused["up_to_date"]) == ("PAUSED", 1)
    after = images.get(world.stack, "f/1.png")
    assert after.source["focus"] == "1,0.5"
    (made,) = after.renditions
    stored = world.stack.client("s3").get_object(Bucket=world.stack.processed_bucket, Key=made["key"])
    with Image.open(stored["Body"]) as crop:
        assert crop.size == (16, 16)
        red, _, blue = crop.convert("RGB").getpixel((0, 8))  # type: ignore[misc]  # RGB has three
    assert blue > 150 > 50 > red
    world.run("plan", "apply", "--rollback")
    back = images.get(world.stack, "f/1.png")
    assert (back.source["focus"], back.item["digest"]) == ("1,0.5", before.item["digest"])
