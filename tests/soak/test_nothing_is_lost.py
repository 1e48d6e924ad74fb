"""Two hundred uploads on a running stack while every tenth call fails, hangs, comes late or twice: nothing is lost.

30 images are overwritten, deleted and uploaded again at random; executions are redriven, stopped and replayed, images
reprocessed, the plan changed, and readers read. Then come one replay and one reconcile.

It takes five minutes of a quiet machine. LIVE_SEED makes another history, LIVE_SECONDS a longer one;
`python -m live_faults --seed SEED` runs one alone (tests/support/live_faults).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from live_faults.__main__ import run

SEED = int(os.environ.get("LIVE_SEED", "2"))
SECONDS = float(os.environ.get("LIVE_SECONDS", "0"))
FAULTS = {"before", "after", "hang", "late", "twice"}


@pytest.mark.timeout(0)
def test_two_hundred_uploads_under_fault_end_as_an_orderly_run_does(tmp_path: Path) -> None:
    found = run(tmp_path, SEED, uploads=200, keys=30, rate=0.1, seconds=SECONDS)
    print(json.dumps(found.numbers), f"python -m live_faults --seed {SEED} --seconds {SECONDS}", sep="\n")
    assert found.wrong == []
    assert set(found.numbers["faults"]) >= FAULTS
