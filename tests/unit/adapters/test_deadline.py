"""One deadline for a whole answer."""

import math

from imageservice.adapters.deadline import deadline, time_left


def test_time_is_unlimited_outside_of_a_deadline() -> None:
    with deadline(1):
        assert time_left() <= 1
    assert time_left() == math.inf


def test_a_step_has_what_the_steps_before_it_have_left() -> None:
    with deadline(60):
        first = time_left()
        assert time_left() < first <= 60


def test_a_deadline_within_another_one_does_not_extend_it() -> None:
    with deadline(1), deadline(60):
        assert time_left() <= 1


def test_a_deadline_that_has_passed_leaves_no_time() -> None:
    with deadline(0):
        assert time_left() <= 0
