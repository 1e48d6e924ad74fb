"""A value that is expensive to load, loaded again only when it is too old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TtlCache(Generic[T]):
    """What `load` returned, for `seconds`. Threads that ask at the same time wait for one load."""

    def __init__(
        self, load: Callable[[], T], seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._load, self._seconds, self._now = load, seconds, now
        self._lock = threading.Lock()
        self._entry: tuple[T, float] | None = None

    def get(self) -> T:
        """The value, at most `seconds` old. Raises what `load` raises, and then asks again at the next call."""
        with self._lock:
            if self._entry is None or self._now() - self._entry[1] > self._seconds:
                self._entry = (self._load(), self._now())
            return self._entry[0]
