"""A history: what clients and operators do, at random; and the smallest part of it that still goes wrong."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dev.checks import ROOT
from simulation import orderly
from simulation.copies import put_again, refocus
from simulation.expressions import Fill
from simulation.plans import CROPPED, PLANS
from simulation.scheduler import Focus, Hangs, Scheduler
from simulation.step_functions import MACHINES
from simulation.world import BROKEN, CUT_OFF, World, good

Kind = Literal[
    "good",
    "broken",
    "cut off",
    "delete",
    "read",
    "reprocess",
    "force",
    "replay",
    "restart",
    "replay all",
    "plan",
    "stop",
    "redrive",
    "run",
    "lose cache",
    "look",
    "same",
    "focus",
    "raced",
]
# How often each is chosen; those of focal points have histories of their own (simulation.focal).
_WEIGHTS: dict[Kind, int] = {
    "good": 9,
    "broken": 2,
    "cut off": 1,
    "delete": 3,
    "read": 6,
    "reprocess": 3,
    "force": 1,
    "replay": 4,
    "restart": 1,
    "replay all": 1,
    "plan": 2,
    "stop": 1,
    "redrive": 2,
    "run": 2,
    "lose cache": 1,
    "look": 2,
}
_LONG_MIXED = 5
STATES = sorted(
    name
    for machine in MACHINES.values()
    for name, state in json.loads((ROOT / "statemachine" / f"{machine}.asl.json").read_text())[
        "States"
    ].items()
    if state["Type"] in ("Task", "Map")
)
"""The states that call something."""


class Operation(NamedTuple):
    """One operation; `after` is how many calls of the service come before it, at least."""

    kind: Kind
    key: str
    number: int
    after: int


@dataclass(frozen=True)
class History:
    """Everything that a run depends on."""

    seed: int
    operations: Sequence[Operation]
    rate: float
    sequencers: Literal["equal", "left", "right"]
    most_faults: int = 1_000_000
    focus: Focus = field(default_factory=Focus)
    cropped: bool = False

    def described(self) -> str:
        listed = ", ".join(f"{each.kind} {each.key} +{each.after}" for each in self.operations)
        return (
            f"seed {self.seed}, {self.rate:.0%} of the calls fail, {self.focus.rate:.0%} in "
            f"{sorted(self.focus.failing)}, slow: {sorted(self.focus.slow)}, "
            f"{self.sequencers} sequencers: {listed}"
        )


class Found(NamedTuple):
    """What was wrong at the end, nothing if all was well; and the numbers of the run."""

    wrong: list[str]
    executions: int
    steps: int
    faults: int
    left_over: int

    @property
    def kinds(self) -> set[str]:
        """What was wrong, without the names and numbers in it."""
        return {" ".join(re.findall(r"\b[a-zA-Z]+\b(?![-/.:])", text)) for text in self.wrong}


def random_history(seed: int, operations: int | None = None, keys: int = 2) -> History:
    """So many operations on so many keys; without a number, 2 to 15.

    Every second history has its own favorites among the operations, and among the states whose calls fail or are slow:
    what takes several rare events at one place would hardly ever happen otherwise.
    """
    choose = random.Random(f"history {seed}")
    kinds, weights = list(_WEIGHTS), [float(weight) for weight in _WEIGHTS.values()]
    focus = Focus()
    if operations is None and choose.random() < 0.5:
        weights = [weight * choose.choice((0, 0.3, 1, 4)) for weight in weights]
        weights[kinds.index("good")] = 9
        keys = choose.choice((1, keys))
    if operations is None and choose.random() < 0.6:
        failing, slow = (choose.sample(STATES, choose.choice((0, 1, 1, 2))) for _ in range(2))
        rate = choose.choice((0.3, 0.6)) if failing else 0.0
        focus = Focus(frozenset(failing), rate, frozenset(slow))
    sequencers = choose.choice(("equal", "equal", "left", "right"))
    if sequencers != "equal":
        # Of different lengths, only the latest change is known: what was before a bad upload stays as it is.
        weights = [0 if kind in ("broken", "cut off") else weight for kind, weight in _WEIGHTS.items()]
    listed = [
        Operation(
            choose.choices(kinds, weights)[0],
            f"key-{choose.randrange(keys)}",
            number,
            choose.choice((0, 0, 2, 10, 40, 120)),
        )
        for number in range(operations or choose.randrange(2, 16))
    ]
    rate = choose.choice((0.0, 0.02, 0.08, 0.2))
    return History(seed, listed, rate, sequencers, focus=focus)  # type: ignore[arg-type]


def run(history: History, dynamodb: Any, redis: Any, fill: Fill, definitions: Path) -> Found:
    """Runs the history, then replays all that failed and reconciles, without faults; and compares."""
    scheduler = Scheduler(history.seed, history.rate, history.most_faults, history.focus)
    sequencer = partial(_sequencer, history.sequencers)
    world = World(scheduler, dynamodb, redis, fill, definitions, sequencer)
    world.plan = CROPPED if history.cropped else world.plan
    # An original without an item has no sequencer: what is before a bad upload then stays as it is.
    world.adopts = not any(each.kind in ("broken", "cut off") for each in history.operations)
    done: list[Operation] = []
    scheduler.start(partial(_operate, world, history.operations, done))
    scheduler.run()
    scheduler.calm()
    world.replay_all()
    scheduler.run()
    world.reconcile()
    scheduler.run()
    if history.sequencers != "equal" or world.adopts:
        # A failure whose sequencer has another length than the item's counts until its replay has asked S3. So it is
        # after the reprocessing of an original without an item, whose sequencer is not known.
        world.replay_all()
        scheduler.run()
    wrong = list(orderly.unexplained(world))
    left_over = world.reconcile_storage()
    wrong += world.invariants.broken
    wrong += orderly.differences(world, done)
    return Found(wrong, len(world.states.runs), scheduler.steps, scheduler.counted.total(), left_over)


def shrunk(history: History, fails: Callable[[History], bool], attempts: int = 4) -> History:
    """A smaller history that fails, too: fewer operations, fewer faults, perhaps another seed."""

    def first_failing(candidate: History) -> History | None:
        for offset in range(attempts):
            tried = replace(candidate, seed=candidate.seed + offset * 1_000_003)
            if fails(tried):
                return tried
        return None

    smaller = first_failing(replace(history, rate=0.0, focus=Focus())) or history
    changed = True
    while changed:
        changed = False
        for index in range(len(smaller.operations)):
            left = [*smaller.operations[:index], *smaller.operations[index + 1 :]]
            found = first_failing(replace(smaller, operations=left))
            if found:
                smaller, changed = found, True
                break
    for most in (0, 1, 2, 4, 8):
        found = first_failing(replace(smaller, most_faults=most))
        if found:
            return found
    return smaller


def _operate(world: World, operations: Sequence[Operation], done: list[Operation]) -> None:
    for each in operations:
        world.scheduler.give_way(each.after)
        done.append(each)
        try:
            _DO[each.kind](world, each)
        except (Exception, Hangs) as error:
            if isinstance(error, AssertionError):
                raise


def _plan(world: World, _: Operation) -> None:
    world.plan = PLANS[1 - PLANS.index(world.plan)]
    world.plans += 1


def _stop(world: World, each: Operation) -> None:
    running = [run for run in world.states.runs.values() if run.status == "RUNNING" and run.key == each.key]
    if running:
        world.states.stop_execution(running[each.number % len(running)].arn)


_DO: dict[Kind, Callable[[World, Operation], Any]] = {
    "good": lambda world, each: world.put(each.key, good(each.number)),
    "broken": lambda world, each: world.put(each.key, BROKEN),
    "cut off": lambda world, each: world.put(each.key, CUT_OFF),
    "delete": lambda world, each: world.delete(each.key),
    "read": lambda world, each: world.scheduler.start(partial(world.read, each.key)),
    "reprocess": lambda world, each: world.scheduler.start(partial(_quietly, world.reprocess, each.key)),
    "force": lambda world, each: world.scheduler.start(
        partial(_quietly, world.reprocess, each.key, force=True)
    ),
    "replay": lambda world, each: world.replay_image(each.key),
    "restart": lambda world, each: world.replay_image(each.key, new_execution=True),
    "replay all": lambda world, _: world.replay_all(),
    "plan": _plan,
    "stop": _stop,
    "redrive": lambda world, each: world.redrive(each.number),
    "run": lambda world, _: world.scheduler.start(world.reprocess_all),
    "lose cache": lambda world, _: world.lose_cache(),
    "look": lambda world, _: world.scheduler.alone(world.invariants.look),
    "same": lambda world, each: put_again(world, each.key, good(each.number)),
    "focus": lambda world, each: refocus(world, each.key, f"0.{each.number},0", good(each.number)),
    "raced": lambda world, each: refocus(
        world, each.key, f"0.{each.number},0", good(each.number), raced=True
    ),
}


def _quietly(command: Callable[..., None], *arguments: Any, **options: Any) -> None:
    try:
        command(*arguments, **options)
    except (Exception, Hangs):  # noqa: BLE001 - a reprocessing that could not start is not repeated
        return


def _sequencer(kind: str, number: int) -> str:
    """The sequencer of the bucket's change `number`: of equal length, or growing as padded on the left or the right."""
    if (
        kind == "left"
    ):  # 3, 4 or 5 digits, the longer the later; none as short as that of a reprocessing without one
        return f"{0xFFE + number * (0x1A35 if number > _LONG_MIXED else 1):X}"
    plain = f"0055AED6DCD9{number:04X}"
    return plain if kind == "equal" else plain + ("", "1", "23")[number % 3]
