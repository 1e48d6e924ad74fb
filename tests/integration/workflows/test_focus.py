"""A focal point is changed by a copy of the original: only crops are made, in whatever order events come."""

from itertools import permutations
from typing import Any

import pytest
from simulation import orderly, tasks
from simulation.delivery import Change, deliver
from simulation.plans import CROPPED
from simulation.runner import Runner
from simulation.scheduler import Scheduler
from simulation.step_functions import Run
from simulation.stores import outage
from simulation.world import World, good

# A function waits for a call, while another one writes the metrics of both.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")

KEY = "a b+c.png"
SEQUENCERS = tuple(f"0055AED6DCD90281E{number}" for number in range(1, 8))
HISTORIES = (
    ("good", "focus", "focus"),
    ("good", "focus", "good"),
    ("good", "focus", "delete"),
    ("good", "same", "raced"),
)


def new_world(running: Runner, seed: int = 1) -> World:
    world = running.world(Scheduler(seed), lambda number: SEQUENCERS[number - 1])
    world.plan = CROPPED
    return world


def changed(world: World, kinds: tuple[str, ...]) -> list[Change]:
    """Makes the changes of the original; their events are withheld."""
    world.withheld = []
    for number, kind in enumerate(kinds):
        if kind == "delete":
            world.delete(KEY)
        elif kind == "raced":
            world.refocus(KEY, f"0.{number},0", world.originals.versions[KEY][0])
        elif kind == "focus":
            world.refocus(KEY, f"0.{number},0")
        else:
            world.put(KEY, good(0 if kind == "same" else number))
    return [Change("delete" if kind == "delete" else "good", KEY) for kind in kinds]


def keys_of(world: World) -> dict[str, str]:
    """Each rendition's key by its file's name."""
    item = world.table.get(KEY)
    assert item
    return {each["key"].rpartition("/")[2]: each["key"] for each in item["renditions"]}


def test_a_change_of_the_focal_point_makes_the_crops_and_nothing_else(
    running: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    resized, resize = [], tasks.HANDLERS["ResizeQueueUrl"]

    def recording(event: Any, context: Any) -> Any:
        resized.append(event["resize"]["target"]["name"])
        return resize(event, context)

    monkeypatch.setitem(tasks.HANDLERS, "ResizeQueueUrl", recording)
    world = new_world(running)
    done = changed(world, ("good", "focus"))
    deliver(world, (0,))
    before, bytes_before = keys_of(world), dict(world.s3.stored)
    deliver(world, (1,))
    after = keys_of(world)
    assert {name for name in after if after[name] == before[name]} == {"small.webp", "small.jpg"}
    assert {name for name in after if after[name] != before[name]} == {"square.webp", "square.jpg"}
    assert all(
        world.s3.stored[after[name]] == bytes_before[before[name]] for name in ("small.webp", "small.jpg")
    )
    assert sorted(resized) == ["small", "square", "square"]
    assert orderly.differences(world, done) == []


@pytest.mark.parametrize("kinds", HISTORIES, ids="-".join)
def test_changes_in_any_order_leave_the_latest_and_no_link_that_expires(
    running: Runner, kinds: tuple[str, ...]
) -> None:
    for order in permutations(range(len(kinds))):
        world = new_world(running)
        done = changed(world, kinds)
        deliver(world, order)
        assert orderly.differences(world, done) == [], order


@pytest.mark.parametrize("kinds", HISTORIES, ids="-".join)
def test_changes_that_come_twice_and_at_once_leave_the_latest(
    running: Runner, kinds: tuple[str, ...]
) -> None:
    for seed in range(3):
        world = new_world(running, seed)
        done = changed(world, kinds)
        deliver(world, (0,))
        deliver(world, (*reversed(range(len(kinds))), *range(len(kinds))), at_once=True)
        assert orderly.differences(world, done) == [], seed


@pytest.mark.parametrize("between", ["same", "focus"])
def test_what_was_to_stay_and_is_replaced_meanwhile_is_made_after_all(
    running: Runner, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    """The late event of an upload between the two that have the same bytes: its renditions replace what was to stay."""
    world = new_world(running)
    done = changed(world, ("good", between, "raced"))
    deliver(world, (0,))
    overtaken: list[Run] = []
    resize = tasks.HANDLERS["ResizeQueueUrl"]

    def after_the_other(event: Any, context: Any) -> Any:
        if not overtaken:
            assert world.withheld
            overtaken.append(world.states.start(*world.withheld[1]))
            while overtaken[0].status == "RUNNING":
                world.scheduler.call(lambda: None, outage)
        return resize(event, context)

    monkeypatch.setitem(tasks.HANDLERS, "ResizeQueueUrl", after_the_other)
    deliver(world, (2,))
    assert overtaken[0].status == "SUCCEEDED"
    assert orderly.differences(world, done) == []
