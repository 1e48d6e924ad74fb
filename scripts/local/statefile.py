"""The state directory: `stack.json`, by which programs find a running stack, and the lock on the directory."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from imageservice_operator.operations.stack_file import NAME


class AlreadyRunning(Exception):
    """Another stack holds this state directory; the message says which process."""


@contextlib.contextmanager
def claim(state_dir: Path) -> Iterator[None]:
    """Lock `state_dir` for one stack. Raises AlreadyRunning; the lock ends with the process at the latest."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise AlreadyRunning(
                f"already running in {state_dir} (process {lock.read().strip() or '?'})"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        (state_dir / NAME).unlink(missing_ok=True)  # left by a stack that was killed
        yield


@contextlib.contextmanager
def published(state_dir: Path, description: Mapping[str, Any]) -> Iterator[None]:
    """Write `stack.json`, for as long as the block runs."""
    write(state_dir, description)
    try:
        yield
    finally:
        (state_dir / NAME).unlink(missing_ok=True)


def write(state_dir: Path, description: Mapping[str, Any]) -> None:
    """Write `stack.json` in one step."""
    descriptor, scratch = tempfile.mkstemp(prefix=NAME, dir=state_dir)
    with os.fdopen(descriptor, "w") as file:
        json.dump(description, file, indent=2)
    Path(scratch).replace(state_dir / NAME)
