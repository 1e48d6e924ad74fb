"""The console of this stack, in a process of its own: neither waits for the other. Its first request starts it."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from local.options import REPOSITORY

STOP_SECONDS = 5.0


@contextlib.contextmanager
def running(listener: socket.socket, state_dir: Path) -> Iterator[None]:
    """Serve the console on `listener` for as long as the block runs. `stack.json` must be there.

    The first client starts the process, and waits a moment for it. The process ends with the block, or with this
    process, even if that is killed: it reads from a pipe that only this process holds open.
    """
    listener.listen()
    with contextlib.ExitStack() as processes:
        stopped, stop = os.pipe()

        def start_when_asked() -> None:
            asked, _, _ = select.select([listener.fileno(), stopped], [], [])
            if stopped not in asked:
                processes.enter_context(_process(listener, state_dir))

        waiting = threading.Thread(target=start_when_asked, daemon=True, name="console")
        waiting.start()
        try:
            yield
        finally:
            os.close(stop)
            waiting.join()
            os.close(stopped)


@contextlib.contextmanager
def _process(listener: socket.socket, state_dir: Path) -> Iterator[None]:
    log = state_dir / "logs" / "console.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-P",
        "-m",
        "imageservice_operator.console",
        f"--state-dir={state_dir}",
        f"--fd={listener.fileno()}",
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": os.pathsep.join(
                    str(REPOSITORY / name) for name in ("scripts/operator", "functions")
                ),
            },
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,  # Ctrl-C in a terminal reaches only us
        )
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
