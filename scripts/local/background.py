"""A stack in a process of its own, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from imageservice_operator.operations.stack import Stack

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".venv" / "local" / "bin" / "python"
PYTHON_PATH = os.pathsep.join(str(REPOSITORY / name) for name in ("functions", "scripts", "scripts/operator"))
"""What `python -m local` needs as PYTHONPATH."""

FREE_PORTS = ("--port=0", "--redis-port=0", "--console-port=0", "--edge-port=0")


class NotStarted(Exception):
    """The stack ended instead of starting; the message is what it said."""


@contextlib.contextmanager
def started(
    state_dir: Path, *options: str, command: Sequence[str] = ("-m", "local", "serve")
) -> Iterator[Stack]:
    """Run a stack on free ports with `state_dir` and these options of `serve`, as long as the block runs.

    Raises NotStarted.
    """
    process = subprocess.Popen(
        [str(PYTHON), *command, *FREE_PORTS, f"--state-dir={state_dir}", *options],
        env={"PYTHONPATH": PYTHON_PATH, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        if not process.stdout.readline():
            raise NotStarted(process.stderr.read().strip())
        yield Stack.local(state_dir)
    finally:
        process.terminate()
        try:
            _, complaints = process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        sys.stderr.write(complaints)
