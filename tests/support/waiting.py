"""Waits for a condition. The limit only ends a hang; it measures nothing, and a busy machine stays below it."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

HANG_S = 240
Value = TypeVar("Value")


def until(
    condition: Callable[[], Value | None], what: str | Callable[[], object] = "", seconds: float = HANG_S
) -> Value:
    """The condition's value as soon as it is true. Fails the test after `seconds`, with `what` in the message.

    `what` says what the test waits for, or is called for the last state that was seen.
    """
    give_up = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > give_up:
            pytest.fail(f"not within {seconds:.0f} s: {what() if callable(what) else what}")
        time.sleep(0.05)
    return value
