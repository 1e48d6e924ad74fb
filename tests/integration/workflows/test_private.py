"""An image becomes private: no file of it stays at a public address, in the bucket or at the edge.

The readers here know each public file's address, and fetch them all the time.
"""

from typing import Literal

import pytest
from simulation import orderly
from simulation.delivery import Change
from simulation.plans import PLANS, PRIVATE
from simulation.runner import Runner
from simulation.scheduler import Focus, Scheduler
from simulation.stores import outage
from simulation.world import World, good

from imageservice.core.keys import cache_tag, digest_of, is_private
from imageservice_operator.operations import failures

# A function waits for a call, while another one writes the metrics of both.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")

KEY = "a b+c.png"
DONE = [Change("good", KEY), Change("good", KEY)]
RETIRING = "Retire replaced renditions"
By = Literal["an execution", "a run"]


def published(running: Runner, seed: int) -> World:
    """A world with a public image, and the renditions of an earlier upload, which it replaced."""
    world = running.world(Scheduler(seed), lambda number: f"0055AED6DCD90281E{number}")
    for number in (1, 2):
        world.put(KEY, good(number))
        world.scheduler.run()
    return world


def remade(world: World, by: By) -> None:
    if by == "a run":
        world.scheduler.start(world.reprocess_all)
    else:
        world.reprocess(KEY)


def read(world: World, calls: int) -> None:
    """Readers fetch every file that is public now or was, until the service has made so many calls."""
    known = {each for each in world.s3.stored if not is_private(digest_of(each))}

    def reader() -> None:
        until = world.scheduler.steps + calls
        while world.scheduler.steps < until:
            for file in sorted(known):
                world.cdn.fetch(cache_tag(KEY), file, world.s3.stored)
            world.scheduler.give_way()

    world.scheduler.start(reader)


def exposed(world: World) -> set[str]:
    """The files at public addresses."""
    files = {*world.s3.stored, *world.cdn.files.get(cache_tag(KEY), set())}
    return {each for each in files if not is_private(digest_of(each))}


def wrong(world: World) -> list[str]:
    return world.invariants.broken + orderly.differences(world, DONE)


@pytest.mark.parametrize("by", ["an execution", "a run"])
@pytest.mark.parametrize("seed", range(2))
def test_once_it_is_announced_neither_bucket_nor_edge_has_a_public_file(
    running: Runner, by: By, seed: int
) -> None:
    world = published(running, seed)
    versions = {digest_of(each) for each in exposed(world)}
    assert len(versions) == 2  # that of the upload before is still there
    world.plan = PRIVATE
    read(world, 400)
    remade(world, by)
    world.scheduler.run()
    assert (wrong(world), exposed(world)) == ([], set())


@pytest.mark.parametrize("by", ["an execution", "a run"])
def test_a_function_that_is_killed_between_deleting_and_purging_purges_when_it_is_tried_again(
    running: Runner, by: By
) -> None:
    faults = 0
    for seed in range(8):
        world = published(running, seed)
        world.plan = PRIVATE
        world.scheduler.focus = Focus(frozenset({RETIRING}), 0.3)
        read(world, 800)
        remade(world, by)
        world.scheduler.run()
        world.scheduler.calm()
        world.replay_all()
        world.scheduler.run()
        assert (wrong(world), exposed(world)) == ([], set()), seed
        faults += world.scheduler.counted.total()
    assert faults > 12


@pytest.mark.parametrize("last", [PRIVATE, PLANS[0]], ids=["private", "public"])
def test_changes_of_access_that_cross_leave_the_last_one(running: Runner, last: object) -> None:
    """To private, to public, and so on, each before the one before it is done."""
    for seed in range(5):
        world = published(running, seed)
        other = PLANS[0] if last is PRIVATE else PRIVATE

        def change(world: World = world, other: object = other) -> None:
            for plan in (last, other, last):
                world.plan, world.plans = plan, world.plans + 1  # type: ignore[assignment]  # a plan is any JSON
                world.reprocess(KEY)
                world.scheduler.give_way(30)

        world.scheduler.start(change)
        read(world, 600)
        world.scheduler.run()
        # Whatever lost the race is what an operator's next run finds and makes.
        world.reprocess(KEY)
        world.scheduler.run()
        assert wrong(world) == [], seed
        if last is PRIVATE:
            assert exposed(world) == set(), seed


def test_a_public_image_is_purged_no_more_often_than_before(running: Runner) -> None:
    world = published(running, 1)
    before = world.cdn.purges[cache_tag(KEY)]
    world.plan = PLANS[1]
    world.reprocess(KEY)
    world.scheduler.run()
    assert world.cdn.purges[cache_tag(KEY)] == before + 1
    world.plan = PLANS[0]
    world.scheduler.start(world.reprocess_all)
    world.scheduler.run()
    assert world.cdn.purges[cache_tag(KEY)] == before + 2


def test_a_purge_that_cloudfront_refuses_for_long_is_a_failure_that_a_replay_ends(
    running: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = published(running, 1)
    world.plan = PRIVATE
    read(world, 100)

    def refused(batch: object) -> str:
        raise outage()

    with monkeypatch.context() as refusing:
        refusing.setattr(world.cdn, "create_invalidation", refused)
        remade(world, "a run")
        world.scheduler.run()
    item = world.table.get(KEY)
    assert item
    assert (item["status"], item["error"]["name"]) == ("FAILED", "PurgeIncomplete")
    assert [each.id for each in failures.failed(world.stack)] == [KEY]
    assert not [each for each in world.announced if is_private(each["Detail"].get("digest", ""))]
    world.replay_all()
    world.scheduler.run()
    assert (wrong(world), exposed(world)) == ([], set())
