"""A value is loaded once for all callers within its time, and again after an error."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from imageservice_operator.console.ttl_cache import TtlCache


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_value_is_loaded_again_when_it_is_older_than_its_time() -> None:
    clock, values = Clock(), iter("abc")
    cache = TtlCache(lambda: next(values), 10, clock)
    assert (cache.get(), cache.get()) == ("a", "a")
    clock.seconds = 10
    assert cache.get() == "a"
    clock.seconds = 10.1
    assert cache.get() == "b"


def test_none_is_a_value_like_any_other() -> None:
    loads: list[int] = []
    cache = TtlCache(lambda: loads.append(1), 10, Clock())
    assert (cache.get(), cache.get()) == (None, None)
    assert loads == [1]


def test_an_error_is_raised_and_not_remembered() -> None:
    answers = iter([OSError("gone"), "back"])

    def load() -> str:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return str(answer)

    cache = TtlCache(load, 10, Clock())
    with pytest.raises(OSError, match="gone"):
        cache.get()
    assert cache.get() == "back"


def test_threads_that_ask_at_once_wait_for_one_load() -> None:
    asked = threading.Barrier(4)
    loads: list[int] = []
    cache = TtlCache(lambda: loads.append(1) or len(loads), 60)

    def ask() -> int:
        asked.wait()
        return cache.get()

    with ThreadPoolExecutor(4) as pool:
        assert {each.result() for each in [pool.submit(ask) for _ in range(4)]} == {1}
    assert loads == [1]
