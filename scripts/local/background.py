"""A stack in a process of its own, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from imageservice_operator.operations.stack import Stack

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".venv" / "local" / "bin" / "python"
PYTHON_PATH = os.pathsep.join(str(REPOSITORY / name) for name in ("functions", "scripts", "scripts/operator"))
"""What `python -m local` needs as PYTHONPATH."""

# Only ends a hang: a start takes a second, and many on an overloaded machine.
STOP_SECONDS = 120
ABORT_SECONDS = 10
FREE_PORTS = ("--port=0", "--redis-port=0", "--console-port=0", "--edge-port=0")


class NotStarted(Exception):
    """The stack ended instead of starting; the message is what it wrote to standard error."""


class NotStopped(Exception):
    """The stack did not stop when asked, and was killed; the message names its log."""


@contextlib.contextmanager
def started(
    state_dir: Path, *options: str, command: Sequence[str] = ("-m", "local", "serve")
) -> Iterator[Stack]:
    """Run a stack on free ports with `state_dir` and these options of `serve`, for as long as the block runs.

    Its standard error goes to `state_dir`/serve.log, and at the end to ours. Raises NotStarted, and NotStopped if it
    had to be killed; then the log says where each of its threads was.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    log = state_dir / "serve.log"
    with log.open("w") as complaints:
        process = subprocess.Popen(
            [str(PYTHON), *command, *FREE_PORTS, f"--state-dir={state_dir}", *options],
            env={**os.environ, "PYTHONPATH": PYTHON_PATH, "PYTHONFAULTHANDLER": "1"},
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
    with process:  # closes its output, and waits once more
        assert process.stdout is not None
        try:
            if not process.stdout.readline():
                process.wait()
                raise NotStarted(log.read_text().strip())
            yield Stack.local(state_dir)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired as hang:
                _abort(process)
                raise NotStopped(
                    f"the stack on {state_dir} did not stop within {STOP_SECONDS} s: see {log}"
                ) from hang
            finally:
                sys.stderr.write(log.read_text())


def _abort(process: subprocess.Popen[str]) -> None:
    """End it, and what it started with it. It first writes to its standard error where each of its threads is."""
    process.send_signal(signal.SIGABRT)
    try:
        process.wait(ABORT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
