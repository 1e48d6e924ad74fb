"""Which invocation gets a worker now, and which waits: a limit on the worker processes of all functions together.

Lambda would start one per concurrent invocation; one machine can't (without a limit, 50 uploads made 262 processes).
Invocations beyond the limit wait, and these rules say which goes next:

1. A function without any worker comes first, so that a reader is answered while 200 resizes wait.
2. Otherwise a warm worker that becomes idle goes to the invocation of its own function that has waited longest.
3. Otherwise the worker that has been idle longest is ended to make room, unless it is its function's only
   one and was busy a moment ago: ending that one would soon cost a cold start.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from local.lambda_runtime.worker import Worker

GRACE_SECONDS = 2.0
RECHECK_SECONDS = 0.5


class NoWorker(Exception):
    """No worker became free in time: what Lambda calls a throttle (TooManyRequestsException)."""


@dataclass(eq=False)
class Lease:
    """A worker held by one invocation. `worker` is None until its holder has started one."""

    function: str
    worker: Worker | None = None
    idle_since: float = 0.0


@dataclass(eq=False)
class _Waiter:
    function: str
    granted: threading.Event = field(default_factory=threading.Event)
    lease: Lease | None = None
    evicted: Worker | None = None


class Pool:
    """At most `limit` workers at any moment. A string key identifies a function; a changed function
    has another key, and its old workers are the first to be ended."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError("at least one worker process is needed")
        self.limit = limit
        self._lock = threading.Lock()
        self._idle: dict[str, list[Lease]] = defaultdict(list)
        self._busy: dict[str, set[Lease]] = defaultdict(set)
        self._waiting: dict[str, deque[_Waiter]] = defaultdict(deque)
        self._closed = False

    def lease(self, function: str, start: Callable[[], Worker], patience: float = 900.0) -> Lease:
        """A worker for `function`, warm if there is one, otherwise made by `start`, within `patience` seconds.

        Raises NoWorker if none became free in time, or once the pool is closed. Give it back with `release`.
        """
        waiter = _Waiter(function)
        give_up = time.monotonic() + patience
        with self._lock:
            if self._closed:
                raise NoWorker(function)
            self._waiting[function].append(waiter)
            self._dispatch()
        # The timer is for rule 3: no event marks the end of a grace period.
        while not waiter.granted.wait(RECHECK_SECONDS):
            with self._lock:
                self._dispatch()
                if not waiter.granted.is_set() and time.monotonic() > give_up:
                    self._waiting[function].remove(waiter)
                    raise NoWorker(function)
        lease = waiter.lease
        if lease is None:
            raise NoWorker(function)
        if waiter.evicted is not None:
            waiter.evicted.kill()
        if lease.worker is not None and not lease.worker.alive:
            lease.worker.kill()
            lease.worker = None
        if lease.worker is None:
            try:
                lease.worker = start()
            except BaseException:
                self.release(lease, reusable=False)
                raise
        return lease

    def release(self, lease: Lease, reusable: bool) -> None:
        """Give a worker back; one that is not `reusable` is ended."""
        worker, reusable = lease.worker, reusable and not self._closed
        with self._lock:
            self._busy[lease.function].discard(lease)
            if reusable:
                lease.idle_since = time.monotonic()
                self._idle[lease.function].append(lease)
            self._dispatch()
        if worker is not None and not reusable:
            worker.kill()

    def forget(self, function_prefix: str) -> None:
        """End the idle workers of the functions whose key starts with this."""
        with self._lock:
            doomed = [key for key in self._idle if key.startswith(function_prefix)]
            workers = [lease.worker for key in doomed for lease in self._idle.pop(key)]
            self._dispatch()
        for worker in workers:
            if worker is not None:
                worker.kill()

    def close(self) -> None:
        """End every worker, busy ones too, and refuse the invocations that still wait."""
        with self._lock:
            self._closed = True
            leases = [
                lease for group in (self._idle, self._busy) for held in group.values() for lease in held
            ]
            self._idle.clear()
            for waiter in (each for queue in self._waiting.values() for each in queue):
                waiter.granted.set()
            self._waiting.clear()
        workers = [lease.worker for lease in leases if lease.worker is not None]
        for worker in workers:
            worker.start_killing()
        for worker in workers:
            worker.kill()

    def processes(self) -> list[int]:
        """The process ids of all workers, for tests and diagnosis."""
        with self._lock:
            leases = [
                lease for group in (self._idle, self._busy) for held in group.values() for lease in held
            ]
        return [lease.worker.pid for lease in leases if lease.worker is not None]

    def _count(self, function: str) -> int:
        return len(self._idle.get(function, ())) + len(self._busy.get(function, ()))

    def _total(self) -> int:
        return sum(map(len, self._idle.values())) + sum(map(len, self._busy.values()))

    def _dispatch(self) -> None:
        """Grant whatever can be granted now. Needs the lock."""
        while not self._closed:
            waiting = [queue for queue in self._waiting.values() if queue]
            starved = [queue for queue in waiting if self._count(queue[0].function) == 0]
            if any(self._grant_slot(queue, starved=True) for queue in starved):
                continue
            if any(self._grant_warm(queue) for queue in waiting):
                continue
            if any(self._grant_slot(queue, starved=False) for queue in waiting):
                continue
            return

    def _grant_warm(self, queue: deque[_Waiter]) -> bool:
        idle = self._idle.get(queue[0].function)
        if not idle:
            return False
        self._grant(queue, idle.pop())
        return True

    def _grant_slot(self, queue: deque[_Waiter], starved: bool) -> bool:
        if self._total() < self.limit:
            self._grant(queue, Lease(queue[0].function))
            return True
        victim = self._victim(queue[0].function, starved)
        if victim is None:
            return False
        self._idle[victim.function].remove(victim)
        self._grant(queue, Lease(queue[0].function), evicted=victim.worker)
        return True

    def _victim(self, function: str, starved: bool) -> Lease | None:
        now = time.monotonic()
        candidates = [
            lease
            for key, leases in self._idle.items()
            if key != function
            for lease in leases
            if starved or self._count(key) > 1 or now - lease.idle_since > GRACE_SECONDS
        ]
        return min(candidates, key=lambda lease: lease.idle_since, default=None)

    def _grant(self, queue: deque[_Waiter], lease: Lease, evicted: Worker | None = None) -> None:
        waiter = queue.popleft()
        self._busy[lease.function].add(lease)
        waiter.lease, waiter.evicted = lease, evicted
        waiter.granted.set()
