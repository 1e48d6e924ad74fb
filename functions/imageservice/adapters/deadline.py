"""One deadline for a whole answer: each step that waits for something asks how much time is left.

Inside `deadline`, each step has what the steps before it have left; outside, time is unlimited.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float] = ContextVar("ends", default=math.inf)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """The block has so many seconds. It is not stopped: its steps ask for `time_left`."""
    before = _ends.set(min(_ends.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends.reset(before)


def time_left() -> float:
    """Seconds until the deadline: negative once it has passed, infinite if there is none."""
    return _ends.get() - time.monotonic()
