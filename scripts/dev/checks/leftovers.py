"""Finds processes that outlive the stage or test session that started them, by a variable in their environment."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "IMAGE_SERVICE_STAGE"
_INSTANT_S = 0.1
_KILLED_S = 30


def end_leftovers(mark: str, grace_s: float, variable: str = VARIABLE) -> list[str]:
    """Waits for the processes whose `variable` is `mark`, then kills the rest; returns it as "pid command"."""
    setting, give_up = f"{variable}={mark}", time.monotonic() + grace_s
    found = _processes(setting)
    if not found:  # one that is just being started shows no environment for an instant
        time.sleep(_INSTANT_S)
        found = _processes(setting)
    while found and time.monotonic() < give_up:
        time.sleep(_INSTANT_S)
        found = _processes(setting)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    give_up = time.monotonic() + _KILLED_S
    while _processes(setting) and time.monotonic() < give_up:  # the signal takes a moment on a busy machine
        time.sleep(_INSTANT_S)
    return [f"{pid} {command}" for pid, command in found.items()]


def _processes(setting: str) -> dict[int, str]:
    """The processes that started with `NAME=value` in their environment, by id; on Linux only."""
    entry, found = setting.encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile, or is another user's
            if entry in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(folder.name)] = command[:200].strip()
    return found
