"""Twenty thousand mutated files: each is rendered or refused in a plain sentence, in bounded time and memory.

Half of them have bytes changed anywhere, half the numbers and parts of their container. Takes some minutes, so
`./scripts/test` runs it only if the stage `soak` is given.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "unit/engine/engine_mutations.py"
MUTATIONS_EACH = 5_000
MEMORY = 1_700_000_000
SECONDS_EACH = 20


@pytest.mark.parametrize("seed", range(100, 104))
def test_mutated_files_are_rendered_or_refused(seed: int, samples: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", PROGRAM),
            *map(str, (MUTATIONS_EACH, seed, MEMORY, SECONDS_EACH)),
            *(samples, tmp_path),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(PROGRAM.parent)])},
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, (
        f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\nthe file is kept in {tmp_path}"
    )
