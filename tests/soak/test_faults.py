"""Five minutes of histories under fault, and some of 600 operations of thirty images; none ends wrong.

FAULT_SECONDS makes it longer, FAULT_SEED begins with other histories.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from simulation.focal import focal_history
from simulation.history import History, random_history
from simulation.runner import Runner, runner

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")
SECONDS = float(os.environ.get("FAULT_SECONDS", "300"))
FIRST = int(os.environ.get("FAULT_SEED", "1000"))
LARGE = 3


@pytest.fixture(scope="module")
def running() -> Iterator[Runner]:
    with runner() as made:
        yield made


@pytest.mark.timeout(0)
@pytest.mark.parametrize(("made", "part"), [(random_history, 1), (focal_history, 0.2)], ids=["all", "focal"])
def test_minutes_of_histories_end_as_orderly_runs_do(
    running: Runner, made: Callable[[int], History], part: float
) -> None:
    until, seed = time.process_time() + SECONDS * part, FIRST
    while time.process_time() < until:
        history = made(seed)
        found = running.run(history)
        assert found.wrong == [], running.shrunk(history).described()
        seed += 1
    assert seed > FIRST


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + LARGE))
def test_600_operations_of_thirty_images_end_as_an_orderly_run_does(running: Runner, seed: int) -> None:
    history = replace(random_history(seed, operations=600, keys=30), rate=0.05)
    found = running.run(history)
    assert found.wrong == []
    assert found.executions > 200
