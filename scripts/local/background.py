"""A stack in a process of its own, for tests and benchmarks. Needs boto3 only."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from local import client

SCRIPTS = Path(__file__).resolve().parents[1]
PYTHON = SCRIPTS.parent / ".venv" / "local" / "bin" / "python"

FREE_PORTS = ("--port=0", "--redis-port=0", "--console-port=0", "--edge-port=0")


class NotStarted(Exception):
    """The stack ended instead of starting; the message is what it said."""


@contextlib.contextmanager
def started(
    state_dir: Path, *options: str, command: Sequence[str] = ("-m", "local", "serve")
) -> Iterator[client.Stack]:
    """Run a stack on free ports with `state_dir` and these options of `serve`, as long as the block runs.

    Raises NotStarted.
    """
    process = subprocess.Popen(
        [str(PYTHON), *command, *FREE_PORTS, f"--state-dir={state_dir}", *options],
        env={"PYTHONPATH": str(SCRIPTS), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        if not process.stdout.readline():
            raise NotStarted(process.stderr.read().strip())
        yield client.load(state_dir)
    finally:
        process.terminate()
        try:
            _, complaints = process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        sys.stderr.write(complaints)
