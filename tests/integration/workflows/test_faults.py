"""Histories in which calls fail, hang, come late or twice, end as one orderly run, after one replay and one reconcile.

A short slice; `./scripts/test soak` runs minutes of it, and plants bugs. A seed that fails here is run alone, and made
smaller, by `.venv/test/bin/python -m simulation --first SEED --count 1` (with PYTHONPATH as pyproject.toml has it).
"""

from dataclasses import replace

import pytest
from simulation.history import random_history
from simulation.runner import Runner

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
