"""A local stack to measure, and what the engine takes for the same pixels without one."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dev.benchmarks.process_tree import cpu_of_children
from imageservice_operator.operations.stack import Stack
from local import background

ROOT = Path(__file__).resolve().parents[3]
FUNCTIONS_PYTHON = ROOT / ".venv/functions/bin/python"


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[Stack, int]]:
    """A stack, and the id of its process."""
    with background.started(folder, *options) as stack:
        yield stack, int((folder / "lock").read_text())


def measured(command: Sequence[str | Path], **variables: str) -> tuple[str, float, float]:
    """Its standard output, its seconds, and the processor seconds of it and its children."""
    began, before = time.perf_counter(), cpu_of_children()
    output = subprocess.run(
        [str(part) for part in command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": background.PYTHON_PATH, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
        cwd=ROOT,
    ).stdout
    return output, time.perf_counter() - began, cpu_of_children() - before


def bare_work(photo: Path, count: int) -> dict[str, float]:
    """The wall and processor seconds of the engine alone, with ResizeFunction's variables."""
    malloc = {f"MALLOC_{name}_THRESHOLD_": "1073741824" for name in ("MMAP", "TRIM")}
    command: list[str | Path] = [
        FUNCTIONS_PYTHON,
        "-m",
        "dev.benchmarks.bare_work",
        photo.absolute(),
        str(count),
    ]
    found: dict[str, float] = json.loads(measured(command, **malloc, OPENBLAS_NUM_THREADS="1")[0])
    return found
