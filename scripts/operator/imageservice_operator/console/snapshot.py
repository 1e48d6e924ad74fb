"""A value that is expensive to load, and that many pages show: they wait for it only if it is old."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from imageservice.core.errors import StoreUnavailable
from imageservice_operator.operations.errors import OperationFailed

LOG = logging.getLogger(__name__)
T = TypeVar("T")
_FAILURES = (BotoCoreError, ClientError, StoreUnavailable, OperationFailed)
# Loading takes at most a tenth of the time, however long it takes.
_REST = 9


class Snapshot(Generic[T]):
    """What `load` returned. It is loaded again, on a thread of its own, when it is older than `seconds`.

    Callers get the last value meanwhile, and wait for a new one only if that is older than `patience` seconds.
    """

    def __init__(
        self,
        load: Callable[[], T],
        seconds: float,
        patience: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load, self._seconds, self._patience, self._now = load, seconds, patience, now
        self._loading = threading.Lock()
        self._entry: tuple[T, float, float] | None = None  # the value, when it was loaded, how long that took
        self._expired = 0  # how often; a value whose loading began before the last time is not kept

    def get(self) -> T:
        """The value. Raises what `load` raises if there is no recent one."""
        entry = self._entry
        if entry is not None:
            age = self._now() - entry[1]
            rest = max(self._seconds, entry[2] * _REST)
            if age <= rest:
                return entry[0]
            if age <= max(self._patience, 2 * rest):
                self._begin()
                return entry[0]
        with self._loading:
            if self._entry is not None and self._entry is not entry:  # another thread has just loaded it
                return self._entry[0]
            return self._loaded()

    def peek(self) -> T | None:
        """The value, however old it is; None if there is none yet. It is loaded when it is too old; no caller waits."""
        entry = self._entry
        if entry is None or self._now() - entry[1] > max(self._seconds, entry[2] * _REST):
            self._begin()
        return entry[0] if entry else None

    def expire(self) -> None:
        """The next caller waits for a new value."""
        self._expired += 1
        self._entry = None

    def _begin(self) -> None:
        if self._loading.acquire(blocking=False):
            threading.Thread(target=self._reload, daemon=True, name="snapshot").start()

    def _reload(self) -> None:
        try:
            self._loaded()
        except _FAILURES:
            LOG.warning(
                "figures could not be read", exc_info=True
            )  # callers see the error once the last are too old
        finally:
            self._loading.release()

    def _loaded(self) -> T:
        expired, began = self._expired, self._now()
        value = self._load()
        ended = self._now()
        if self._expired == expired:
            self._entry = value, ended, ended - began
        return value
