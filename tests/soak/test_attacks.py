"""Thousands of inputs of every kind against each parser of what comes from outside. ATTACKS says how many each."""

import os
from collections.abc import Iterator

import pytest
from attacks.targets import NAMES, Target, targets

EACH = int(os.environ.get("ATTACKS", "5000"))


@pytest.fixture(scope="module")
def attacked() -> Iterator[dict[str, Target]]:
    with targets() as found:
        yield {each.name: each for each in found}


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", NAMES)
def test_a_parser_has_only_its_documented_outcomes(attacked: dict[str, Target], name: str) -> None:
    attacked[name].run(EACH)
