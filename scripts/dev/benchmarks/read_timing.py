"""Times compared calls in turn, so that other load on the machine affects all equally."""

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any, TypedDict


class Times(TypedDict):
    """Of many calls, in microseconds: elapsed time, and the median of this thread's CPU time."""

    p50: float
    p99: float
    cpu: float


def interleaved(
    calls: int, *compared: Callable[[], Any], before_last: Callable[[], Any] | None = None
) -> list[Times]:
    """The times of each call, made in turn; `before_last` runs before each last one, and is not timed."""
    taken: list[list[int]] = [[] for _ in compared]
    used: list[list[int]] = [[] for _ in compared]
    for _ in range(min(200, calls)):
        for call in compared:
            call()
    gc.collect()
    for _ in range(calls):
        for number, call in enumerate(compared):
            if before_last and number == len(compared) - 1:
                before_last()
            cpu, begin = time.thread_time_ns(), time.perf_counter_ns()
            call()
            taken[number].append(time.perf_counter_ns() - begin)
            used[number].append(time.thread_time_ns() - cpu)
    return [summary(*both) for both in zip(taken, used, strict=True)]


def summary(nanoseconds: Sequence[int], cpu_nanoseconds: Sequence[int] = ()) -> Times:
    ordered, cpu = sorted(nanoseconds), sorted(cpu_nanoseconds)
    return Times(
        p50=ordered[len(ordered) // 2] / 1000,
        p99=ordered[len(ordered) * 99 // 100] / 1000,
        cpu=cpu[len(cpu) // 2] / 1000 if cpu else 0.0,
    )
