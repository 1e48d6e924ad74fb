"""Ten thousand steps on a cluster that loses masters, keys and connections: no stale read but those that are named.

`SEED=7 .venv/test/bin/pytest tests/soak/test_cache_failover.py -s` repeats one order of steps, and shows the numbers.
"""

import json
import os
import random
from pathlib import Path

import pytest
from failover_world import failing_cluster

STEPS, FAULT_EVERY = 10_000, 50


@pytest.mark.timeout(7200)
def test_no_acknowledged_refresh_is_undone_in_ten_thousand_steps(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", random.randrange(1_000_000)))
    with failing_cluster(tmp_path, seed) as world:
        world.run(STEPS, FAULT_EVERY)
    print(json.dumps({"seed": seed, **world.counts}))
    assert world.stale == [], f"seed {seed}"
