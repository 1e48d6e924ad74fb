"""Damaged files: each becomes a rendition or is refused in a plain sentence, in bounded time and memory.

ENGINE_FUZZ=20000 in the environment makes that many mutations instead of a few hundred.
"""

import os
import subprocess
import sys
from pathlib import Path

from imageservice.core.limits import Limits

MUTATIONS = int(os.environ.get("ENGINE_FUZZ", "400"))
MEMORY = 1_700_000_000
SECONDS_EACH = 20


def test_mutated_samples_never_bring_the_process_down(samples: Path, tmp_path: Path) -> None:
    program = Path(__file__).with_name("engine_mutations.py")
    done = subprocess.run(
        [sys.executable, program, str(MUTATIONS), str(MEMORY), str(SECONDS_EACH), samples, tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60 + MUTATIONS,
        check=False,
    )
    assert done.returncode == 0, (
        f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\nthe file is kept in {tmp_path}"
    )


def test_the_limits_that_the_fuzz_test_runs_under_are_the_function_s() -> None:
    assert Limits().max_pixels * 16 < MEMORY  # the hungriest decoder, WebP's, takes 16 bytes a pixel
