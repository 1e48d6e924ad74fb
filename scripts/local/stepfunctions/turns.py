"""A bounded number of things that run at once; the others wait in a queue, without a thread of their own."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable


class Turns:
    """`limit` run at once. What waits goes on, in order, on the thread of one that has ended, in its own context."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()

    def run(self, function: Callable[[], None]) -> None:
        """Run it, and then what waits; or return at once and leave it to another thread. It must not raise."""
        context = contextvars.copy_context()
        with self._lock:
            self._waiting.append(lambda: context.run(function))
            if self._free == 0:
                return
            self._free -= 1
        while following := self._next():
            following()

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._free += 1
            return None
