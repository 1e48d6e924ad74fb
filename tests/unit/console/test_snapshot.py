"""A value that pages share: who waits for it, and how often it is loaded."""

from __future__ import annotations

import threading

import pytest
from waiting import until

from imageservice_operator.console.snapshot import Snapshot
from imageservice_operator.operations.errors import OperationFailed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def counted(clock: Clock, takes: float = 0.0) -> Snapshot[int]:
    loads: list[int] = []

    def load() -> int:
        clock.now += takes
        loads.append(1)
        return len(loads)

    return Snapshot(load, 5, 30, clock)


def test_a_recent_value_is_not_loaded_again() -> None:
    clock = Clock()
    snapshot = counted(clock)
    assert [snapshot.get(), snapshot.get()] == [1, 1]
    clock.now = 5
    assert snapshot.get() == 1


def test_an_older_value_is_given_at_once_and_loaded_behind_the_caller() -> None:
    clock = Clock()
    snapshot = counted(clock)
    snapshot.get()
    clock.now = 10
    assert snapshot.get() == 1
    until(lambda: snapshot.get() == 2)


def test_a_value_that_is_too_old_is_waited_for() -> None:
    clock = Clock()
    snapshot = counted(clock)
    snapshot.get()
    clock.now = 31
    assert snapshot.get() == 2


def test_what_takes_long_is_loaded_for_a_tenth_of_the_time_at_most() -> None:
    clock = Clock()
    snapshot = counted(clock, takes=10)
    snapshot.get()
    clock.now = 10 + 90
    assert snapshot.get() == 1
    assert not any(each.name == "snapshot" for each in threading.enumerate())


def test_the_first_caller_after_a_change_waits_even_if_a_load_has_begun_before() -> None:
    go, began = threading.Event(), threading.Event()
    values = iter(("old", "before the change", "after the change"))
    clock = Clock()

    def load() -> str:
        value = next(values)
        if value == "before the change":
            began.set()
            go.wait()
        return value

    snapshot = Snapshot(load, 5, 30, clock)
    snapshot.get()
    clock.now = 10
    snapshot.get()
    began.wait()
    snapshot.expire()
    go.set()
    assert snapshot.get() == "after the change"


def test_an_error_is_raised_and_the_next_caller_tries_again() -> None:
    answers = iter((OperationFailed("gone"), 7))

    def load() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    snapshot = Snapshot(load, 5, 30, Clock())
    with pytest.raises(OperationFailed):
        snapshot.get()
    assert snapshot.get() == 7


def test_an_error_behind_the_callers_is_seen_only_when_the_last_value_is_too_old() -> None:
    failed = threading.Event()
    values = iter((1,))

    def load() -> int:
        try:
            return next(values)
        except StopIteration:
            failed.set()
            raise OperationFailed("throttled") from None

    clock = Clock()
    snapshot = Snapshot(load, 5, 30, clock)
    snapshot.get()
    clock.now = 10
    assert snapshot.get() == 1
    failed.wait()
    assert snapshot.get() == 1
    until(lambda: not any(each.name == "snapshot" for each in threading.enumerate()))
    clock.now = 40
    with pytest.raises(OperationFailed):
        snapshot.get()


def test_a_caller_that_does_not_wait_gets_nothing_at_first() -> None:
    snapshot = counted(Clock())
    assert snapshot.peek() is None
    until(lambda: snapshot.peek() == 1)
