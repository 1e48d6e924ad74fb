"""Two executions are compared state by state and value by value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from imageservice_operator.operations.comparison import MOST_VALUES, Side, State, compare
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.stories import Attempt, Story, Visit

BEGAN = datetime(2026, 11, 26, tzinfo=UTC)


def execution(input: Any = None, output: Any = None) -> Execution:
    return Execution(
        "arn",
        "name",
        "ProcessImage",
        "SUCCEEDED",
        BEGAN,
        BEGAN,
        input,
        output,
        None,
        None,
        0,
        "",
        None,
        None,
        None,
    )


def story(*states: str, seconds: float = 1, tries: int = 1) -> Story:
    visits = [
        Visit(
            number, state, "Task", BEGAN, None, "succeeded", BEGAN + timedelta(seconds=seconds),
            attempts=[Attempt(BEGAN)] * tries,
        )
        for number, state in enumerate(states)
    ]  # fmt: skip
    return Story(visits)


def states(left: Story, right: Story) -> list[State]:
    return compare(execution(), left, execution(), right).states


def test_the_same_states_do_not_differ() -> None:
    assert not any(each.differs for each in states(story("a", "b"), story("a", "b")))


def test_a_state_that_only_one_entered_stands_where_it_was_and_differs() -> None:
    found = states(story("a", "b", "d"), story("a", "c", "d", "e"))
    assert [each.title for each in found] == ["a", "c", "b", "d", "e"]
    assert [each.title for each in found if each.differs] == ["c", "b", "e"]
    assert states(story(), story("a"))[0].left is None


def test_a_state_that_was_entered_again_is_numbered() -> None:
    assert [each.title for each in states(story("a", "b", "a"), story("a"))] == ["a", "b", "a (2)"]


def test_more_tries_or_much_more_time_differ() -> None:
    assert states(story("a"), story("a", tries=2))[0].differs
    assert states(story("a", seconds=1), story("a", seconds=2.1))[0].differs
    assert not states(story("a", seconds=1), story("a", seconds=1.9))[0].differs
    assert not states(story("a", seconds=0.01), story("a", seconds=0.4))[0].differs


def test_another_result_differs() -> None:
    one, other = Side("succeeded", 1, 1, "", 1), Side("failed", 1, 1, "CacheUnavailable", 1)
    assert State("a", one, other).differs


def test_values_that_differ_have_their_path() -> None:
    left = {"detail": {"object": {"key": "a", "size": 1}, "list": [1, {"x": 2}]}, "same": True}
    right = {
        "detail": {"object": {"key": "b", "size": 1}, "list": [1, {"x": 3}]},
        "same": True,
        "new": None,
        "more": 0,
    }
    found = compare(execution(left), Story(), execution(right), Story()).inputs
    assert [(each.path, each.left, each.right) for each in found] == [
        ("detail.object.key", "a", "b"),
        ("detail.list[1].x", "2", "3"),
        ("more", None, "0"),
    ]


def test_only_so_many_values_are_listed() -> None:
    found = compare(execution(None, list(range(500))), Story(), execution(None, None), Story())
    assert len(found.outputs) == MOST_VALUES
    assert found.inputs == []
