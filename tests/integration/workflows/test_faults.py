"""Histories in which calls fail, hang, come late or twice, end as one orderly run, after one replay and one reconcile.

A short slice; `./scripts/test soak` runs minutes of it, and plants bugs. A seed that fails here is run alone, and made
smaller, by `.venv/test/bin/python -m simulation --first SEED --count 1` (with PYTHONPATH as pyproject.toml has it).
"""

from dataclasses import replace
from functools import partial

import pytest
from simulation import orderly
from simulation.delivery import Change
from simulation.history import random_history
from simulation.runner import Runner
from simulation.scheduler import Scheduler
from simulation.stores import PROCESSED
from simulation.world import good

from imageservice_operator.operations import storage

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")
HISTORIES = range(1, 41)


def test_six_hundred_operations_on_thirty_images_end_as_an_orderly_run_does(running: Runner) -> None:
    found = running.run(replace(random_history(1000, operations=600, keys=30), rate=0.05))
    assert found.wrong == []
    assert found.executions > 200
    assert found.faults > 200


def test_every_history_ends_as_an_orderly_run_does(running: Runner) -> None:
    faults = executions = 0
    for seed in HISTORIES:
        history = random_history(seed)
        found = running.run(history)
        assert found.wrong == [], running.shrunk(history).described()
        faults, executions = faults + found.faults, executions + found.executions
    assert faults > 100
    assert executions > 100


def test_a_put_that_comes_after_the_removal_is_left_over_until_the_storage_is_reconciled(
    running: Runner,
) -> None:
    """Its caller gave it up and S3 takes it: no order of calls prevents that. Any other object must be explained."""
    world = running.world(Scheduler(1), lambda number: f"0055AED6DCD90281E{number}")
    world.put("key", good(1))
    world.scheduler.run()
    made = sorted(world.s3.stored)
    world.delete("key")
    world.scheduler.run()
    again = partial(world.s3.put_object, Bucket=PROCESSED, Key=made[0], Body=b"")
    world.scheduler.late(again)
    world.scheduler.run()
    assert [each.key for each in storage.left_over(world.stack)] == [made[0]]
    assert list(orderly.unexplained(world)) == []
    world.scheduler.start(again)
    world.scheduler.run()
    assert list(orderly.unexplained(world)) == [f"{made[0]} is left over"]
    assert world.reconcile_storage() == 1
    assert orderly.differences(world, [Change("good", "key"), Change("delete", "key")]) == []
