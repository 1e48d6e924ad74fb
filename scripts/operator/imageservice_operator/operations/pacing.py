"""A limited number of calls per second: a replay after an outage must not cause the next one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from imageservice_operator.operations.errors import BadRequest

T = TypeVar("T")
_LEAST = 1 / 86_400


def check_rate(per_second: float) -> None:
    """Raises BadRequest for less than one a day."""
    if not per_second >= _LEAST:  # so that NaN is refused, too
        raise BadRequest("The rate must be more than 0 per second, and at least one a day.")


def paced(
    items: Iterable[T],
    per_second: float,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[T]:
    """The items, evenly spaced, at most `per_second` of them per second. Raises what `check_rate` raises."""
    check_rate(per_second)
    due = now()
    for item in items:
        wait = due - now()
        if wait > 0:
            sleep(wait)
        due = max(due, now()) + 1 / per_second if wait < 0 else due + 1 / per_second
        yield item
