"""A change of plan over many images, killed in every stage and taken back, while readers follow links.

And what others deploy in the middle. `PLAN_SOAK_IMAGES=10000 .venv/test/bin/pytest -s tests/soak/test_plan_apply.py`
is the long form.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import pytest
from plan_world import NEW, OLD, PlanWorld, change_with_kills, expected, plan_world

from imageservice_operator.operations.plan_deployment import PLAN, WIDTHS, deploy_plan, parameters

IMAGES = int(os.environ.get("PLAN_SOAK_IMAGES", "200"))
KILLS = ("CANARY", "DEPLOYING", "MAKING", "MAKING", "ROLLING_BACK")
IDS = [f"{folder}/{number:05}.jpg" for folder in ("a", "b") for number in range(IMAGES // 2)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlanWorld]:
    with plan_world(tmp_path_factory.mktemp("plans")) as world:
        begin = time.monotonic()
        world.upload(IDS)
        print(f"{len(IDS):,} uploads: {time.monotonic() - begin:.0f} s")
        yield world


@pytest.mark.timeout(36_000)
def test_a_change_over_many_images_is_killed_and_taken_back_and_no_reader_misses_one(
    world: PlanWorld,
) -> None:
    begin = time.monotonic()
    change_with_kills(world, IDS, KILLS, "--canary", "5%")
    print(f"there and back: {time.monotonic() - begin:.0f} s, answers to readers: {dict(world.answers)}")
    assert (json.loads(parameters(world.stack)[PLAN]), parameters(world.stack)[WIDTHS]) == (OLD, "16,24")


def test_a_plan_that_is_deployed_by_another_way_is_not_deployed_again(world: PlanWorld) -> None:
    pretty = json.dumps(NEW, indent=1)
    deploy_plan(world.stack, pretty, "16,20")
    lines = world.run("plan", "apply", str(world.plan(NEW)), "--yes")
    assert lines[-1] == {"stage": "DONE", "others": {}}
    assert world.made(IDS) == expected(NEW, IDS)
    assert (parameters(world.stack)[PLAN], parameters(world.stack)[WIDTHS]) == (pretty, "16,20")


def test_another_deployment_in_the_middle_stops_the_change(world: PlanWorld) -> None:
    """The state after the test above is NEW; the change goes back to OLD, and a third plan is deployed."""
    world.run("plan", "apply", str(world.plan(OLD)))
    world.kill_when(world.run_is_under_way, "plan", "apply", "--resume", "--concurrency", "1")
    if not world.reaches("DONE")():
        deploy_plan(world.stack, json.dumps({**OLD, "quality": {"jpeg": 50}}), "16,24")
        resumed = world.start("plan", "apply", "--resume")
        said, _ = resumed.communicate()
        assert (resumed.returncode, "it was deployed since" in said) == (5, True), said
    world.run("plan", "apply", "--rollback")
    assert world.made(IDS) == expected(NEW, IDS)
