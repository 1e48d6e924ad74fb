"""Every hostile file is rejected or rendered within the memory and the time that its functions have."""

import pytest
from bombs.catalog import BOMBS, costs_of
from bombs.table import outcomes


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_within_a_function_s_bounds_and_as_the_docs_say(name: str) -> None:
    costs = costs_of(name)
    assert costs.excesses() == []
    # A file without a row in docs/bombs.md may end either way.
    assert costs.outcome == outcomes().get(name, costs.outcome)
