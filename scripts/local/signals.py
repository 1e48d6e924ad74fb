"""Ctrl-C and SIGTERM as one exception, so that everything unwinds and stops in order."""

from __future__ import annotations

import signal
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """SIGINT or SIGTERM arrived; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def raise_on_signals() -> None:
    """From now on the first SIGINT or SIGTERM raises Stopped in the main thread; later ones are ignored."""
    for number in SIGNALS:
        signal.signal(number, _stop)


def _stop(number: int, _frame: object) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # stopping takes a moment; a second Ctrl-C must not cut it off
    raise Stopped(number)
