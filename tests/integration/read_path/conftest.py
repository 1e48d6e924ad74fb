"""A real Redis, a DynamoDB in this process, and the reader between them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from read_world import RedisServer, Writes, dynamodb

from imageservice.adapters import aws_clients
from imageservice.adapters import settings as settings_module
from reader import handler as reader_handler

Read = Callable[..., dict[str, Any]]
_MADE_ONCE = (settings_module.settings, aws_clients.client, reader_handler.lookup, reader_handler.table)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for the tests that leave it running."""
    with RedisServer.running(Path(tmp_path_factory.mktemp("redis"))) as server:
        yield server


@pytest.fixture
def table_client() -> Iterator[Any]:
    with dynamodb() as client:
        yield client


@pytest.fixture
def image(table_client: Any) -> str:
    """An image that is recorded: its id."""
    writes = Writes(table_client)
    assert writes.register("a.jpg", 1)
    assert writes.record("a.jpg", 1)
    return "a.jpg"


@pytest.fixture
def reader(table_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Read]]:
    """The reader's handler as a new process would have it, with this REDIS_URL."""

    def forget() -> None:
        for made in _MADE_ONCE:
            made.cache_clear()

    def started(redis_url: str) -> Read:
        forget()
        monkeypatch.setenv("IMAGE_TABLE", "images")
        monkeypatch.setenv("REDIS_URL", redis_url)
        monkeypatch.setenv("CDN_URL", "https://cdn.example")

        def read(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
            http = {"method": method, "path": path}
            event = {"rawPath": path, "headers": headers, "requestContext": {"http": http}}
            context: Any = SimpleNamespace(aws_request_id="request")
            return reader_handler.handler(event, context)

        return read

    yield started
    forget()


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """The lines that were logged since the last call."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
