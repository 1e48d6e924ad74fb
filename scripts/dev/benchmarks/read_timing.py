"""Times compared calls in turn, so that other load on the machine affects all equally."""

import gc
import time
from collections.abc import Callable
from typing import Any, TypedDict


class Times(TypedDict):
    """Of many calls, in microseconds."""

    p50: float
    p99: float


def interleaved(
    calls: int, first: Callable[[], Any], second: Callable[[], Any], before: Callable[[], Any] | None = None
) -> tuple[Times, Times]:
    """The times of two calls, made in turn; `before` runs before each second one, and is not timed."""
    taken: tuple[list[int], list[int]] = ([], [])
    for _ in range(min(200, calls)):
        first()
        second()
    gc.collect()
    for _ in range(calls):
        for times, call in zip(taken, (first, second), strict=True):
            if before and call is second:
                before()
            begin = time.perf_counter_ns()
            call()
            times.append(time.perf_counter_ns() - begin)
    return summary(taken[0]), summary(taken[1])


def summary(nanoseconds: list[int]) -> Times:
    ordered = sorted(nanoseconds)
    return Times(p50=ordered[len(ordered) // 2] / 1000, p99=ordered[len(ordered) * 99 // 100] / 1000)
