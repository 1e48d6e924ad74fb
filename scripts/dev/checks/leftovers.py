"""Processes that outlive the stage that started them: found, on Linux, by a variable in their environment."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "IMAGE_SERVICE_STAGE"


def end_leftovers(mark: str, grace_s: float) -> list[str]:
    """Waits for the processes whose VARIABLE is `mark`, then kills those that stay; returns these as "pid command"."""
    give_up = time.monotonic() + grace_s
    while (found := _processes(mark)) and time.monotonic() < give_up:
        time.sleep(0.1)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return [f"{pid} {command}" for pid, command in found.items()]


def _processes(mark: str) -> dict[int, str]:
    entry = f"{VARIABLE}={mark}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile, or is another user's
            if entry in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(folder.name)] = command[:200].strip()
    return found
