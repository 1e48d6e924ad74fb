"""A limited number of calls per second: a replay after an outage must not cause the next one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from imageservice_operator.operations.errors import BadRequest

T = TypeVar("T")


def paced(
    items: Iterable[T],
    per_second: float,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[T]:
    """The items, evenly spaced, at most `per_second` of them per second. Raises BadRequest unless it is above 0."""
    if per_second <= 0:
        raise BadRequest("The rate must be more than 0 per second.")
    due = now()
    for item in items:
        wait = due - now()
        if wait > 0:
            sleep(wait)
        due = max(due, now()) + 1 / per_second if wait < 0 else due + 1 / per_second
        yield item
