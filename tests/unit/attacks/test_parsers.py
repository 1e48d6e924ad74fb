"""Anything at all, against each parser of what comes from outside: a short slice of tests/soak/test_attacks.py."""

from collections.abc import Iterator

import pytest
from attacks.targets import NAMES, Target, targets

from imageservice_operator.console.json_view import tree

EXAMPLES = 40


@pytest.fixture(scope="module")
def attacked() -> Iterator[dict[str, Target]]:
    with targets() as found:
        yield {each.name: each for each in found}


def test_every_target_is_attacked(attacked: dict[str, Target]) -> None:
    assert tuple(attacked) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_parser_has_only_its_documented_outcomes(attacked: dict[str, Target], name: str) -> None:
    attacked[name].run(EXAMPLES)


def test_a_path_that_is_no_utf_8_is_refused_and_logged(attacked: dict[str, Target]) -> None:
    http = {"method": "GET", "path": "/images/\ud800"}
    event = {"rawPath": http["path"], "headers": {"host": "api.example"}, "requestContext": {"http": http}}
    attacked["a read"].attack(event)


@pytest.mark.parametrize("part", ["input", "cause"])
def test_what_nests_too_deep_is_no_reason_to_lose_a_failure(attacked: dict[str, Target], part: str) -> None:
    change = {"executionArn": "arn:x", "status": "FAILED", "cause": "", part: "[" * 20_000}
    attacked["the end of an execution"].attack(change)


@pytest.mark.parametrize("depth", [60, 500, 20_000])
def test_json_that_nests_too_deep_is_shown_as_far_as_it_can_be(depth: int) -> None:
    """Without hypothesis, which raises Python's limit on recursion."""
    for text in ("[" * depth + "]" * depth, "[" * depth):
        assert str(tree(text)).startswith('<div class="json">')
