"""Histories of focal points: uploads of the same bytes and copies of them, at once, under a plan that crops.

They are apart from the others, whose seeds stay what they are.
"""

import random

from simulation.history import History, Kind, Operation
from simulation.scheduler import Focus

_WEIGHTS: dict[Kind, int] = {
    "same": 6,
    "raced": 6,
    "focus": 3,
    "good": 1,
    "delete": 1,
    "reprocess": 1,
    "force": 1,
}
_SLOW = ("Register upload", "Register upload", "Inspect original", "Resize to each size", "Record image")
_SERVED = 150
"""After so many calls, the image before is mostly served."""


def focal_history(seed: int) -> History:
    """An image, and one or two bursts of what is done with its bytes."""
    choose = random.Random(f"focal history {seed}")
    kinds, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    listed = [Operation("good", "key-0", 0, 0)]
    for _ in range(choose.choice((1, 2))):
        for place in range(choose.choice((2, 2, 3))):
            after = choose.choice((0, 2)) if place else _SERVED
            listed.append(Operation(choose.choices(kinds, weights)[0], "key-0", len(listed), after))
    slow = Focus(slow=frozenset(choose.sample(_SLOW, choose.choice((1, 2, 3)))))
    return History(seed, listed, choose.choice((0.0, 0.0, 0.02)), "equal", focus=slow, cropped=True)
