"""Says on the terminal when this machine runs out of disk space or of open files."""

from __future__ import annotations

import contextlib
import errno
import logging
import logging.handlers
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

AGAIN_AFTER_S = 60.0
EVERY_S = 2.0
LEAST_FREE = 50_000_000
"""Bytes: the functions' packages and temporary files of some uploads at once."""
_REMEDIES = {
    errno.ENOSPC: "The disk is full or nearly so: uploads fail, and logs are incomplete. Free some space (the stack"
    " writes to {where}); then run `./scripts/images replay --all`.",
    errno.EMFILE: "Too many files and sockets are open, so uploads fail. Stop the stack, raise the limit"
    " (`ulimit -n 10240`), and start it again; then run `./scripts/images replay --all`.",
}
_KINDS = {
    **dict.fromkeys((os.strerror(errno.ENOSPC), "ENOSPC"), errno.ENOSPC),
    **dict.fromkeys((os.strerror(errno.EMFILE), os.strerror(errno.ENFILE), "EMFILE"), errno.EMFILE),
}


class Shortages(logging.Handler):
    """Reads every log record for the signs of a shortage, and prints the remedy, once a minute for each kind."""

    def __init__(self, where: Path) -> None:
        super().__init__(logging.WARNING)
        self._where = where
        self._said: dict[int, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.getMessage()} {record.exc_info[1] if record.exc_info else ''}"
        for sign, kind in _KINDS.items():
            if sign in text:
                self.say(kind)
                return

    def say(self, kind: int) -> None:
        """Prints the remedy for a shortage, an `errno`, unless it was printed a moment ago."""
        now = time.monotonic()
        if now - self._said.get(kind, -AGAIN_AFTER_S) >= AGAIN_AFTER_S:
            self._said[kind] = now
            print(_REMEDIES[kind].format(where=self._where), file=sys.stderr, flush=True)


@contextlib.contextmanager
def watching_disk(
    shortages: Shortages, folders: Sequence[Path], least_free: int = LEAST_FREE
) -> Iterator[None]:
    """Say as long as the block runs when a folder's disk has fewer than `least_free` bytes left: before calls fail."""
    stopping = threading.Event()

    def watch() -> None:
        while True:
            with contextlib.suppress(FileNotFoundError):  # the stack's folder is being removed
                if any(shutil.disk_usage(folder).free < least_free for folder in folders):
                    shortages.say(errno.ENOSPC)
            if stopping.wait(EVERY_S):
                return

    thread = threading.Thread(target=watch, daemon=True, name="disk-watch")
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(EVERY_S)


class LogFile(logging.handlers.RotatingFileHandler):
    """A log file whose own write errors are shortages as well, not tracebacks on the terminal."""

    def __init__(self, path: Path, shortages: Shortages) -> None:
        super().__init__(path, maxBytes=5_000_000, backupCount=1)
        self._shortages = shortages

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's
        error = sys.exc_info()[1]
        if isinstance(error, OSError) and error.errno in _REMEDIES:
            self._shortages.say(error.errno)
        else:
            super().handleError(record)
