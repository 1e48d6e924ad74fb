"""The failure recorder's world."""

from collections.abc import Iterator

import image_tables
import pytest
from recorder_world import World


@pytest.fixture
def world() -> Iterator[World]:
    with image_tables.dynamodb() as client:
        yield World(client)
