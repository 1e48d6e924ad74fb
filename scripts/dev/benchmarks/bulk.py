"""A bulk upload, simulated: what becomes of it where Lambda makes only so many sizes at a time.

Each upload is inspected, and then each of its sizes is a call. Four ways in which a call that is too much can wait are
compared (`DESIGNS`): how many uploads end FAILED, the state transitions beyond those of an upload on its own, what both
cost, how long it takes until an upload is READY, and how much of the account's concurrency is left for readers.
"""

import argparse
import heapq
import random
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from itertools import count

from dev.benchmarks.progress import Bar

# A 12-megapixel photo in the five sizes of the default plan, and its inspection: seconds in Lambda.
SIZES_S = (0.35, 0.42, 0.55, 0.80, 1.10)
INSPECT_S = 0.15
# New executions a second, and the concurrency that an account has at least; docs/limits.md.
STARTS = 300
ACCOUNT = 1000
LOADS = ((2_000, 10), (20_000, 100), (50_000, 1_000))

TRANSITION_USD = 0.000025
SQS_USD = 0.0000004
_QUEUED = 3  # requests for a call: sent, received, deleted

Wait = Callable[[int, random.Random], float | None]
"""How long a call waits after it was throttled for the n-th time (from 1); None: it fails."""


@dataclass(frozen=True)
class Design:
    """A way to wait. Without `wait`, calls stand in a queue, from which Lambda takes them."""

    name: str
    wait: Wait | None
    transitions: bool = True
    """Whether each further try is a state transition."""


def retrier(interval: float, rate: float, longest: float, attempts: int) -> Wait:
    """A Retry of the States Language with JitterStrategy FULL."""

    def wait(throttled: int, chance: random.Random) -> float | None:
        if throttled > attempts:
            return None
        return chance.uniform(0, min(longest, interval * rate ** (throttled - 1)))

    return wait


def asynchronous(throttled: int, chance: random.Random) -> float | None:
    """Lambda's own queue of asynchronous calls, if it dropped none: it tries again after 1 s to 5 minutes.

    docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    return min(300.0, 2.0 ** (throttled - 1)) * chance.uniform(0.5, 1)


RETRIES = retrier(5, 2, 60, 10)
"""How the workflow waits for a function that is throttled, in 0.2 every one."""
DESIGNS = (
    Design("retries for minutes (0.2)", RETRIES),
    Design("retries for hours", retrier(30, 4, 3600, 30)),
    Design("asynchronous calls", asynchronous, transitions=False),
    Design("a queue", None),
)


@dataclass
class Outcome:
    """Of a bulk upload: `seconds` until READY of each upload that became it, in order."""

    uploads: int
    sizes: int
    failed: int = 0
    retries: int = 0
    seconds: list[float] = field(default_factory=list)
    least_left: int = 0
    """Of the account's concurrency, at the busiest moment."""

    def after(self, share: float) -> float:
        """Seconds until this share of those that became READY is READY."""
        return (
            self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))] if self.seconds else 0.0
        )


class Simulation:
    """One bulk upload under one design. `concurrency` is how many sizes are made at the same time."""

    def __init__(self, design: Design, uploads: int, concurrency: int, seed: int = 1) -> None:
        self._design, self._concurrency = design, concurrency
        self._account = max(ACCOUNT, 2 * concurrency)
        self._chance = random.Random(seed)
        self._outcome = Outcome(uploads, len(SIZES_S), least_left=self._account)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now = 0.0
        self._resizing = self._inspecting = 0
        self._begun = [number / STARTS for number in range(uploads)]
        self._missing = [len(SIZES_S)] * uploads
        self._failed: set[int] = set()
        self._queue: deque[tuple[int, float]] = deque()
        self._queued_since: float | None = None

    def run(self) -> Outcome:
        for upload, begin in enumerate(self._begun):
            self._at(begin, partial(self._inspect, upload, 0))
        while self._events:
            self._now, _, happens = heapq.heappop(self._events)
            happens()
            left = self._account - self._resizing - self._inspecting
            self._outcome.least_left = min(self._outcome.least_left, left)
        self._outcome.failed = len(self._failed)
        self._outcome.seconds.sort()
        return self._outcome

    def _at(self, moment: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), happens))

    def _inspect(self, upload: int, throttled: int) -> None:
        if self._resizing + self._inspecting >= self._account:
            self._again(upload, throttled + 1, lambda: self._inspect(upload, throttled + 1))
            return
        self._inspecting += 1
        self._at(self._now + INSPECT_S, lambda: self._inspected(upload))

    def _inspected(self, upload: int) -> None:
        self._inspecting -= 1
        for seconds in SIZES_S:
            if self._design.wait is None:
                self._queue.append((upload, seconds))
            else:
                self._resize(upload, seconds * self._chance.uniform(0.5, 1.5), 0)
        self._take()

    def _resize(self, upload: int, seconds: float, throttled: int) -> None:
        if upload in self._failed:
            return
        full = self._resizing + self._inspecting >= self._account
        if full or self._resizing >= self._concurrency:
            self._again(upload, throttled + 1, lambda: self._resize(upload, seconds, throttled + 1))
            return
        self._resizing += 1
        self._at(self._now + seconds, lambda: self._resized(upload))

    def _again(self, upload: int, throttled: int, happens: Callable[[], None]) -> None:
        wait = (self._design.wait or RETRIES)(throttled, self._chance)
        if wait is None:
            self._failed.add(upload)
            return
        self._outcome.retries += self._design.transitions
        self._at(self._now + wait, happens)

    def _resized(self, upload: int) -> None:
        self._resizing -= 1
        self._missing[upload] -= 1
        if not self._missing[upload] and upload not in self._failed:
            self._outcome.seconds.append(self._now - self._begun[upload])
        self._take()

    def _take(self) -> None:
        """Lambda takes calls from the queue: five at a time at first, and up to five more each second.

        docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        """
        if not self._queue:
            self._queued_since = None
            return
        if self._queued_since is None:
            self._queued_since = self._now
            self._at(self._now + 1, self._look)
        takers = min(self._concurrency, 5 + int(5 * (self._now - self._queued_since)))
        while self._queue and self._resizing < takers:
            upload, seconds = self._queue.popleft()
            self._resizing += 1
            taken = seconds * self._chance.uniform(0.5, 1.5)
            self._at(self._now + taken, partial(self._resized, upload))

    def _look(self) -> None:
        if self._queue:
            self._at(self._now + 1, self._look)
            self._take()


def row(design: Design, outcome: Outcome, concurrency: int) -> list[str]:
    extra = outcome.retries / outcome.uploads
    queued = 0 if design.wait else _QUEUED * outcome.sizes * SQS_USD
    return [
        design.name,
        f"{outcome.uploads:,}",
        f"{concurrency:,}",
        f"{outcome.failed:,} ({outcome.failed / outcome.uploads:.0%})",
        f"{extra:.1f}",
        f"{(extra * TRANSITION_USD + queued) * 1e6:,.0f}",
        f"{outcome.after(0.5):,.0f}",
        f"{outcome.after(0.99):,.0f}",
        f"{outcome.least_left:,}",
    ]


def loads(given: Sequence[str]) -> list[tuple[int, int]]:
    return [(int(uploads), int(at)) for uploads, at in (each.split("@") for each in given)] or list(LOADS)


_COLUMNS = (
    "how a call waits",
    "uploads",
    "at",
    "FAILED",
    "more transitions",
    "more $ per million",
    "READY p50, s",
    "p99, s",
    "left for readers",
)


def main() -> None:
    if "--live" in sys.argv:
        sys.argv.remove("--live")
        import_module("dev.benchmarks.bulk_live").main()  # which needs the tests' environment
        return
    parser = argparse.ArgumentParser(description="Simulate bulk uploads at a limited concurrency.")
    parser.add_argument(
        "loads", nargs="*", metavar="UPLOADS@CONCURRENCY", help="such as 2000@10 (default: three of them)"
    )
    parser.add_argument("--live", action="store_true", help="on a local stack instead: see --live --help")
    chosen = loads(parser.parse_args().loads)
    bar = Bar(len(chosen) * len(DESIGNS))
    rows = [list(_COLUMNS), ["---"] * len(_COLUMNS)]
    for uploads, concurrency in chosen:
        for design in DESIGNS:
            bar.part(f"{design.name}, {uploads:,} at {concurrency:,}")
            rows.append(row(design, Simulation(design, uploads, concurrency).run(), concurrency))
    bar.close()
    print("\n".join(f"| {' | '.join(cells)} |" for cells in rows))
