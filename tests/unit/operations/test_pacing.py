"""A limited number of items per second."""

import pytest

from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.pacing import paced


class Clock:
    """A clock whose time passes only while the code sleeps or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_first_does_not_wait() -> None:
    clock = Clock()
    next(paced([1], 1, clock, clock.sleep))
    assert clock.now == 100


def test_they_are_spread_evenly() -> None:
    clock = Clock()
    moments = [clock.now - 100 for _ in paced(range(5), 4, clock, clock.sleep)]
    assert moments == [0, 0.25, 0.5, 0.75, 1]


def test_one_that_takes_long_is_not_made_up_for_by_a_burst() -> None:
    clock = Clock()
    moments = []
    for number in paced(range(4), 1, clock, clock.sleep):
        moments.append(clock.now - 100)
        clock.now += 5 if number == 0 else 0
    assert moments == [0, 5, 6, 7]


@pytest.mark.parametrize("rate", [0, -1, float("nan"), 1e-300])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(BadRequest):
        list(paced([1], rate))
