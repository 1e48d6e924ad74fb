"""Says on the terminal when the Redis that readers are served from stops answering, and when it answers again."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

EVERY_S = 1.0
PATIENCE_S = 2.0
"""A Redis that doesn't answer a PING for so long is as good as gone: functions wait for a fraction of that."""


@contextlib.contextmanager
def running(url: str, *, is_own: bool) -> Iterator[None]:
    """Watch the Redis at `url` for as long as the block runs.

    `is_own` is for one that this process runs, and whose end it reports itself: then only a frozen one is reported.
    """
    stopping = threading.Event()
    thread = threading.Thread(target=_watch, args=(url, is_own, stopping), daemon=True, name="redis-watch")
    thread.start()
    try:
        yield
    finally:
        stopping.set()


def _watch(url: str, is_own: bool, stopping: threading.Event) -> None:
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or 6379
    was_gone = False
    while not stopping.wait(EVERY_S):
        is_gone = _is_gone(host, port, place.scheme == "rediss", is_own)
        if is_gone and not was_gone and not stopping.is_set():
            _say(
                f"Redis at {host}:{port} does not answer: readers are served from the table, and new uploads end"
                " FAILED. When it answers again, run `./scripts/images replay --all`."
            )
        if was_gone and not is_gone:
            _say(f"Redis at {host}:{port} answers again.")
        was_gone = is_gone


def _is_gone(host: str, port: int, has_tls: bool, is_own: bool) -> bool:
    """Whether nothing answers. An error is an answer, too: the watch has no password."""
    try:
        with socket.create_connection((host, port), timeout=PATIENCE_S) as probe:
            if has_tls:
                return False
            probe.sendall(b"PING\r\n")
            return not probe.recv(1) and not is_own
    except TimeoutError:
        return True
    except OSError:
        return not is_own


def _say(line: str) -> None:
    logging.getLogger(__name__).error(line)
    print(line, file=sys.stderr, flush=True)
