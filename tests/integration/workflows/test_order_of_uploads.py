"""Events in every order, with sequencers of equal and of different length: the image is that of one orderly run.

AWS's guides disagree whether a shorter sequencer is to be padded on the left or on the right, so both are tried.
"""

from itertools import permutations
from typing import Any

import pytest
from simulation import orderly
from simulation.delivery import Change, deliver
from simulation.runner import Runner
from simulation.scheduler import Scheduler
from simulation.stores import outage
from simulation.world import World, good

from imageservice.adapters.image_table import to_dynamodb

# A function waits for a call, while another one writes the metrics of both.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")

KEY = "a b+c.png"
# Each row grows: as text where lengths are equal; otherwise only as padded on the side that the row is called by.
SEQUENCERS = {
    "equal": ("0055AED6DCD90281E5", "0055AED6DCD90281E6", "00617F08299329D189", "0062E99A88DC407460"),
    "left": ("55AED6DCD90281E5", "F5AED6DCD90281E5", "0155AED6DCD90281E5", "10055AED6DCD90281E5"),
    "right": ("0055AED6DCD90281E5", "0055AED6DCD90282", "0055AED6DCD902821", "0055AED6DCD9029"),
}
HISTORIES = (
    ("good", "good"),
    ("good", "delete"),
    ("delete", "good"),
    ("good", "good", "good"),
    ("good", "good", "delete"),
    ("good", "delete", "good"),
    ("delete", "good", "delete"),
    ("good", "delete", "good", "good"),
    ("good", "good", "good", "delete"),
)


def changed(world: World, kinds: tuple[str, ...]) -> list[Change]:
    """Makes the changes of the original; their events are withheld."""
    world.withheld = []
    for number, kind in enumerate(kinds):
        if kind == "delete":
            world.delete(KEY)
        else:
            world.put(KEY, good(number))
    return [Change(kind, KEY) for kind in kinds]


def new_world(running: Runner, kind: str) -> World:
    return running.world(Scheduler(1), lambda number: SEQUENCERS[kind][number - 1])


@pytest.mark.parametrize("sequencers", SEQUENCERS)
@pytest.mark.parametrize("kinds", HISTORIES, ids="-".join)
def test_events_in_any_order_leave_the_latest_change(
    running: Runner, kinds: tuple[str, ...], sequencers: str
) -> None:
    for order in permutations(range(len(kinds))):
        world = new_world(running, sequencers)
        done = changed(world, kinds)
        deliver(world, order)
        assert orderly.differences(world, done) == [], order


@pytest.mark.parametrize("sequencers", SEQUENCERS)
@pytest.mark.parametrize("kinds", HISTORIES, ids="-".join)
def test_events_that_come_twice_and_at_once_leave_the_latest_change(
    running: Runner, kinds: tuple[str, ...], sequencers: str
) -> None:
    world = new_world(running, sequencers)
    done = changed(world, kinds)
    deliver(world, (*range(len(kinds)), *range(len(kinds))), at_once=True)
    assert orderly.differences(world, done) == []


@pytest.mark.parametrize("change", ["good", "delete"])
def test_an_item_of_version_0_2_0_gives_way_to_what_is_newer(running: Runner, change: str) -> None:
    world = new_world(running, "equal")
    done = changed(world, ("good", change))
    deliver(world, (0,))
    padded_on_the_left(world)
    deliver(world, (1,))
    assert orderly.differences(world, done) == []


def test_an_item_of_version_0_2_0_does_not_give_way_to_what_is_older(running: Runner) -> None:
    world = new_world(running, "equal")
    done = changed(world, ("good", "good"))
    deliver(world, (1,))
    padded_on_the_left(world)
    deliver(world, (0,))
    assert orderly.differences(world, done) == []


def padded_on_the_left(world: World) -> None:
    """Stores the item's sequencer as version 0.2.0 did."""
    item = world.table.get(KEY)
    assert item
    item["sequencer"] = item["sequencer"].rjust(32, "0")
    world.dynamodb.put_item(TableName="images", Item=to_dynamodb(item))


def test_s3_is_asked_only_where_lengths_differ(running: Runner) -> None:
    asked = []
    for sequencers in ("equal", "right"):
        world = new_world(running, sequencers)
        changed(world, ("good", "good"))
        deliver(world, (1, 0, 0, 1))
        asked.append(world.s3.versions_listed)
    assert asked[0] == 0
    assert asked[1] > 0


def test_a_first_upload_takes_8_transitions_and_one_for_each_size(running: Runner) -> None:
    world = new_world(running, "equal")
    changed(world, ("good",))
    deliver(world, (0,))
    (run,) = world.states.runs.values()
    sizes = len(world.plan.default.sizes)
    assert run.transitions == 13 - 5 + sizes


@pytest.mark.parametrize(
    "sequencers", [("F5AED6DCD90281E5", "0155AED6DCD90281E5"), ("0055AED6DCD90281E5", "0055AED6DCD90282")]
)
def test_an_upload_that_failed_before_it_could_ask_s3_is_served_once_it_is_replayed(
    running: Runner, monkeypatch: pytest.MonkeyPatch, sequencers: tuple[str, str]
) -> None:
    """Its write was refused, and the record of its failure has its own sequencer: it must not give way to itself."""
    world = running.world(Scheduler(1), lambda number: sequencers[number - 1])
    done = changed(world, ("good", "good"))
    deliver(world, (0,))
    with monkeypatch.context() as broken:

        def refuse(**_: Any) -> None:
            raise outage()

        broken.setattr(world.dynamodb, "get_item", refuse)
        deliver(world, (1,))
    item = world.table.get(KEY)
    assert item
    assert (item["status"], item["sequencer"]) == ("FAILED", sequencers[1])
    (replayed,) = world.replay_all()
    world.scheduler.run()
    assert replayed.action == "redriven"
    assert orderly.differences(world, done) == []
