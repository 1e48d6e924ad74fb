"""The workflows in this process, with a Redis of their own."""

from collections.abc import Iterator

import pytest
from simulation.runner import Runner, runner


@pytest.fixture(scope="module")
def running() -> Iterator[Runner]:
    with runner() as made:
        yield made
