"""Redis is gone, hangs or sends nonsense: DynamoDB answers, after at most one timeout. DynamoDB is gone: 503."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from read_world import PATIENT
from waiting import until

from imageservice.adapters.aws_clients import new_client
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.manifest_cache import connect
from imageservice.adapters.redis_client import READER
from local.redis_server import RedisServer

Read = Callable[..., dict[str, Any]]


class Listener:
    """A server that accepts connections and sends `answer` to each request; None: it never answers."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.url = f"redis://127.0.0.1:{self._server.getsockname()[1]}/0"

    @property
    def connections(self) -> int:
        """How many connections were made so far."""
        return len(self._held)

    def __enter__(self) -> "Listener":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.close()
        for connection in self._held:
            connection.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self._held.append(connection)
                if self._answer is not None:
                    threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                connection.sendall(self._answer or b"")


@contextlib.contextmanager
def listener(answer: bytes | None) -> Iterator[str]:
    with Listener(answer) as server:
        yield server.url


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield f"redis://127.0.0.1:{port}/0"


REDIS_DOWN: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "refused": refusing,
    "hung": lambda: listener(None),
    "garbage": lambda: listener(os.urandom(64)),
    "http": lambda: listener(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "error": lambda: listener(b"-LOADING Redis is loading the dataset in memory\r\n"),
    "wrong type": lambda: listener(b":42\r\n"),
    "another value": lambda: listener(b"$5\r\nhello\r\n"),
    "closing": lambda: listener(b""),
}


@pytest.fixture(params=list(REDIS_DOWN))
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    with REDIS_DOWN[request.param]() as url:
        yield url


def test_the_answer_is_right(reader: Callable[..., Read], broken: str, image: str) -> None:
    assert reader(broken, timeouts=READER)(f"/images/{image}")["statusCode"] == 302


def test_an_unknown_image_is_unknown_all_the_same(reader: Callable[..., Read], broken: str) -> None:
    assert reader(broken, timeouts=READER)("/images/missing.jpg")["statusCode"] == 404


def test_a_metric_says_that_redis_failed(
    reader: Callable[..., Read], broken: str, image: str, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    reader(broken, timeouts=READER)(f"/images/{image}")
    (line,) = logged()
    assert line["CacheBypass"] == 1
    assert {"Name": "CacheBypass", "Unit": "Count"} in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]


def test_a_redis_that_hangs_costs_one_connection_and_one_timeout_and_then_nothing_while_it_cools_down(
    reader: Callable[..., Read], image: str
) -> None:
    with Listener(None) as redis:
        read = reader(redis.url, timeouts=replace(READER, cooldown=3600))
        answers = [read(f"/images/{image}")["statusCode"] for _ in range(5)]
    assert answers == [302] * 5
    assert redis.connections == 1
    assert READER.connect + READER.answer < 0.3  # what a reader may wait longer than usual, in seconds


def test_a_redis_that_comes_back_is_used_again(
    reader: Callable[..., Read],
    redis_server: RedisServer,
    image: str,
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    read = reader(redis_server.url, timeouts=replace(PATIENT, cooldown=0.2))

    def outcome() -> str:
        read(f"/images/{image}")
        (line,) = logged()
        return next(name for name in line if name.startswith("Cache"))

    assert outcome() == "CacheMiss"
    redis_server.stop()
    assert outcome() == "CacheBypass"
    redis_server.start()
    until(lambda: outcome() == "CacheMiss", "the end of the cooldown")
    assert outcome() == "CacheHit"


class Throttled:
    """A DynamoDB that throttles."""

    def get_item(self, **_: Any) -> Any:
        error = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "slow down"}}
        raise ClientError(error, "GetItem")


THROTTLED = ImageTable(Throttled(), "images")


def test_a_miss_that_dynamodb_throttles_is_no_missing_image(
    reader: Callable[..., Read], redis_server: RedisServer, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    answer = reader(redis_server.url, THROTTLED)("/images/throttled.jpg")
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "1")
    assert answer["headers"]["cache-control"] == "no-store"
    (line,) = logged()
    assert (line["StoreUnavailable"], line["level"]) == (1, "ERROR")


def test_a_throttled_reader_gives_up_its_lease_so_that_no_other_waits_for_it(
    reader: Callable[..., Read], redis_server: RedisServer
) -> None:
    reader(redis_server.url, THROTTLED)("/images/throttled-too.jpg")
    assert connect(redis_server.url, PATIENT).lease("throttled-too.jpg")


def test_a_dynamodb_that_hangs_is_given_up_in_time_to_say_so(
    reader: Callable[..., Read], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Listener(None) as hanging:
        monkeypatch.setenv("AWS_ENDPOINT_URL", hanging.url.replace("redis://", "http://").removesuffix("/0"))
        client = new_client("dynamodb", for_readers=True)
        answer = reader("", ImageTable(client, "images"))("/images/hanging.jpg")
    assert answer["statusCode"] == 503
    assert hanging.connections == client.meta.config.retries["total_max_attempts"] == 2
    assert (
        2 * client.meta.config.read_timeout < 4
    )  # seconds, with room for the pause between the two attempts
