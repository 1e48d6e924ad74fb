"""A value that is dear to ask for, asked for again only when it has become old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TtlCache(Generic[T]):
    """What `ask` answers, kept for `seconds`; several who ask at once wait for one answer."""

    def __init__(
        self, ask: Callable[[], T], seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask, self._seconds, self._now = ask, seconds, now
        self._lock = threading.Lock()
        self._value: T | None = None
        self._at: float | None = None

    def get(self) -> T:
        with self._lock:
            if self._at is None or self._now() - self._at > self._seconds:
                self._value = self._ask()
                self._at = self._now()
            return self._value  # type: ignore[return-value]

    def forget(self) -> None:
        """The next answer is a fresh one."""
        with self._lock:
            self._at = None
