"""Runs activities one call at a time, in a random order, and makes their calls fail.

An activity is a greenlet. It gives way before each call to AWS or Redis; the scheduler picks who goes on. So the same
seed gives the same interleaving and the same faults.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from greenlet import getcurrent, greenlet

Fault = Literal["before", "after", "hang", "late", "twice"]
FAULTS: tuple[Fault, ...] = ("before", "after", "hang", "late", "twice")
_STEPS = 30_000


class Hangs(BaseException):
    """A call never answers: what waits for it is ended by its timeout. Not an Exception, so that no code catches it."""


class Stuck(AssertionError):
    """The history did not come to an end."""


@dataclass(frozen=True)
class Focus:
    """States of the workflows whose calls fail more often than others, and states whose calls often pause for long."""

    failing: frozenset[str] = frozenset()
    rate: float = 0.0
    slow: frozenset[str] = frozenset()


@dataclass
class Scheduler:
    """`rate` is how likely a call fails, but for those in `focus`. `counted` has the faults so far, by kind."""

    seed: int
    rate: float = 0.0
    most_faults: int = 1_000_000
    focus: Focus = field(default_factory=Focus)
    # Days ago, because the operator's commands look at what happened until now.
    now: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=7))
    counted: Counter[str] = field(default_factory=Counter)
    steps: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(f"order {self.seed}")
        self._faults = random.Random(f"faults {self.seed}")
        self._ready: list[greenlet] = []
        self._asleep: list[tuple[int, greenlet]] = []
        self._reliable = 0
        self._main = getcurrent()
        self._thread = threading.get_ident()

    def start(self, activity: Callable[[], Any], delay: int = 0) -> None:
        """Begins an activity, after `delay` steps of others."""
        made = greenlet(activity)
        if delay:
            self._asleep.append((self.steps + delay, made))
        else:
            self._ready.append(made)

    def run(self) -> None:
        """Lets all activities go on until none is left. Raises Stuck if they never end."""
        begun = self.steps
        last: greenlet | None = None
        while self._ready or self._asleep:
            self.steps += 1
            if self.steps - begun > _STEPS:
                raise Stuck(f"more than {_STEPS} calls")
            self.now += timedelta(milliseconds=self.random.choice((1, 1, 5, 40, 400)))
            awake = [each for when, each in self._asleep if when <= self.steps or not self._ready]
            self._asleep = [(when, each) for when, each in self._asleep if each not in awake]
            self._ready += awake
            stays = last in self._ready and self.random.random() < 0.6
            chosen = last if stays and last is not None else self.random.choice(self._ready)
            self._ready.remove(chosen)
            last = chosen
            sleep = chosen.switch()
            if chosen.dead:
                continue
            if sleep:
                self._asleep.append((self.steps + sleep, chosen))
            else:
                self._ready.append(chosen)

    def give_way(self, steps: int = 0) -> None:
        """Lets others go on before the current activity does, for at least so many steps."""
        if getcurrent() is not self._main:
            self._main.switch(steps)

    @property
    def faulty(self) -> bool:
        """Whether any call may fail."""
        return bool(self.rate or self.focus.rate)

    def calm(self) -> None:
        """From now on no call fails or pauses."""
        self.rate, self.focus = 0.0, Focus()

    def enter(self, state: str) -> None:
        """The current activity makes its next calls in this state of a workflow."""
        getcurrent().state = state

    def alone(self, look: Callable[[], Any]) -> None:
        """Looks at the world while nothing else goes on, and no call fails."""
        self._thread, thread = 0, self._thread  # as calls of another thread: they take effect at once
        try:
            look()
        finally:
            self._thread = thread

    def call(self, effect: Callable[[], Any], outage: Callable[[], Exception]) -> Any:
        """The result of a call, or one of the faults: it fails before or after its effect, never answers (and may have
        its effect late), or has its effect twice."""
        if (
            threading.get_ident() != self._thread
        ):  # an operator's command, which looks at many executions at once
            return effect()
        # Now and then one activity pauses for long, as if its machine froze.
        state = getattr(getcurrent(), "state", "")
        often = 0.3 if state in self.focus.slow else 0.02
        self.give_way(self.random.choice((20, 60, 150)) if self.random.random() < often else 0)
        fault = self._fault(self.focus.rate if state in self.focus.failing else self.rate)
        if fault == "before":
            raise outage()
        if fault == "hang":
            raise Hangs
        if fault == "late":
            self.late(effect, delay=self._faults.choice((3, 20, 80)))
            raise Hangs
        result = effect()
        if fault == "after":
            raise outage()
        return effect() if fault == "twice" else result

    def late(self, effect: Callable[[], Any], delay: int = 0) -> None:
        """The effect of a call that its caller has given up, after `delay` steps of others."""

        def arrives() -> None:
            getcurrent().late = True
            _ignoring(effect)

        self.start(arrives, delay)

    @property
    def is_late(self) -> bool:
        """Whether the current activity is what remains of a call that was given up."""
        return bool(getattr(getcurrent(), "late", False))

    def _fault(self, rate: float) -> Fault | None:
        if self._faults.random() >= rate or self.counted.total() >= self.most_faults:
            return None
        fault = self._faults.choice(FAULTS)
        self.counted[fault] += 1
        return fault


def _ignoring(effect: Callable[[], Any]) -> None:
    """A request that arrives late: its answer goes nowhere."""
    try:
        effect()
    except (Exception, Hangs):  # noqa: BLE001 - a refusal, such as a condition that no longer holds
        return
