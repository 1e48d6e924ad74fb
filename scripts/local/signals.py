"""Ctrl-C and SIGTERM as one exception, so that everything unwinds and stops in order."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_WAKE = signal.SIGURG
"""Means nothing to anybody here; its default is to be ignored, so a stray one does no harm."""
_AGAIN_AFTER_S = 0.1


class Stopped(BaseException):
    """SIGINT or SIGTERM arrived; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def raise_on_signals() -> None:
    """From now on the first SIGINT or SIGTERM raises Stopped in the main thread; later ones are ignored."""
    handle(SIGNALS, _stop)


def handle(numbers: Sequence[signal.Signals], handler: Callable[[int, FrameType | None], object]) -> None:
    """From now on the main thread calls `handler` for these signals, whatever it waits for. Call it there, and once.

    Python itself calls a handler between two steps of the main thread. If another thread takes the signal, or the main
    thread takes it just before it begins to wait for a lock, it waits on, maybe for ever. So a thread of its own wakes
    the main thread until handlers have been called.
    """
    arrived, arrives = os.pipe()
    os.set_blocking(arrives, False)
    called = threading.Event()
    signal.signal(_WAKE, lambda *_: called.set())
    for number in numbers:
        signal.signal(number, handler)
    signal.set_wakeup_fd(arrives, warn_on_full_buffer=False)
    threading.Thread(
        target=_wake_main_thread, args=(arrived, set(numbers), called), daemon=True, name="signals"
    ).start()


def _wake_main_thread(arrived: int, numbers: set[int], called: threading.Event) -> None:
    main = threading.main_thread().ident
    assert main is not None
    while True:
        if numbers.isdisjoint(os.read(arrived, 64)):
            continue
        called.clear()
        signal.pthread_kill(main, _WAKE)
        while not called.wait(_AGAIN_AFTER_S):
            signal.pthread_kill(main, _WAKE)


def _stop(number: int, _frame: object) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # stopping takes a moment; a second Ctrl-C must not cut it off
    raise Stopped(number)
