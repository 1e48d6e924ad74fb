"""A real Redis, and a DynamoDB in this process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from read_world import RedisServer, dynamodb


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for the tests that leave it running."""
    with RedisServer.running(Path(tmp_path_factory.mktemp("redis"))) as server:
        yield server


@pytest.fixture
def table_client() -> Iterator[Any]:
    with dynamodb() as client:
        yield client
