"""Redis is gone, hangs or sends nonsense: DynamoDB answers, after at most one timeout. DynamoDB is gone: 503."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from listener import Listener
from read_world import PATIENT
from waiting import until

from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.manifest_cache import connect
from imageservice.adapters.redis_client import READER
from local.redis_server import RedisServer

Read = Callable[..., dict[str, Any]]


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
