"""One deadline for a reader's whole answer: a table or a Redis that hangs, is slow or dies ends in time, as 503."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import redis
from image_tables import NAME
from listener import Listener
from read_world import PATIENT
from waiting import until

from imageservice.adapters import deadline_socket
from imageservice.adapters.deadline import deadline
from imageservice.adapters.item_reader import ItemReader
from imageservice.adapters.manifest_cache import connect
from imageservice.adapters.redis_client import READER
from imageservice.core.errors import CacheUnavailable
from local.redis_server import RedisServer

Read = Callable[..., dict[str, Any]]
SECONDS = 0.3
UNAVAILABLE = {"content-type": "application/problem+json", "retry-after": "1", "cache-control": "no-store"}


class Server(ThreadingHTTPServer):
    """GetItem over HTTP. Each request takes the next of `plans`; without one, it is answered."""

    def __init__(self, client: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.client = client
        self.plans: list[str] = []
        self.over = threading.Event()
        self.requests = self.connections = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests += 1
        plan = self.server.plans.pop(0) if self.server.plans else "answer"
        if plan == "hang":
            self.server.over.wait()
        if plan in ("hang", "drop"):
            self.close_connection = True
            return
        body, status = b"{}", {"fail": 500, "throttle": 400}.get(plan, 200)
        if plan in ("answer", "trickle"):
            found = self.server.client.get_item(**asked)
            body = json.dumps({name: found[name] for name in ("Item",) if name in found}).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if plan == "trickle":
            for byte in body:
                if self.server.over.wait(0.02):
                    return
                self.wfile.write(bytes([byte]))
        else:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def server_of_items(table_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with Server(table_client) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.over.set()
        serving.shutdown()
        thread.join()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each step of a connection to the table might take, in seconds."""
    asked: list[float] = []
    left = deadline_socket._left

    def recorded(until: float) -> float:
        asked.append(left(until))
        return asked[-1]

    monkeypatch.setattr(deadline_socket, "_left", recorded)
    return asked


def is_unavailable(answer: dict[str, Any]) -> bool:
    assert answer["statusCode"] == 503
    assert {name: answer["headers"][name] for name in UNAVAILABLE} == UNAVAILABLE
    return True


def test_a_table_that_accepts_and_never_answers_is_503_within_the_deadline(
    reader: Callable[..., Read], table_client: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with Listener(None) as hanging:
        table = ItemReader(NAME, hanging.url.replace("redis://", "http://").removesuffix("/0"))
        assert is_unavailable(reader("", table, deadline=300)("/images/hanging.jpg"))
    assert waits == sorted(waits, reverse=True)
    assert waits
    assert waits[0] < SECONDS


def test_a_kept_connection_that_hangs_leaves_time_for_another_one(
    reader: Callable[..., Read], server_of_items: Server, image: str, waits: list[float]
) -> None:
    read = reader("", ItemReader(NAME, server_of_items.endpoint), deadline=60_000)
    assert read(f"/images/{image}")["statusCode"] == 302
    waits.clear()
    server_of_items.plans = ["drop"]
    assert read(f"/images/{image}")["statusCode"] == 302
    assert server_of_items.connections == 2
    assert waits[0] < 0.6  # half of a read without a deadline's second


def test_a_warm_table_that_hangs_is_503_within_the_deadline(
    reader: Callable[..., Read], server_of_items: Server, image: str, waits: list[float]
) -> None:
    table = ItemReader(NAME, server_of_items.endpoint)
    assert reader("", table)(f"/images/{image}")["statusCode"] == 302
    waits.clear()
    server_of_items.plans = ["hang", "hang"]
    assert is_unavailable(reader("", table, deadline=300)(f"/images/{image}"))
    assert max(waits) < SECONDS
    assert waits[0] < SECONDS / 2


def test_a_table_that_sends_a_byte_now_and_then_is_503(
    reader: Callable[..., Read], server_of_items: Server, image: str
) -> None:
    server_of_items.plans = ["trickle"]
    table = ItemReader(NAME, server_of_items.endpoint)
    assert is_unavailable(reader("", table, deadline=300)(f"/images/{image}"))


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_redis_and_a_table_that_both_hang_are_503(
    reader: Callable[..., Read],
    server: RedisServer,
    server_of_items: Server,
    image: str,
    warm: bool,
    waits: list[float],
) -> None:
    read = reader(server.url, ItemReader(NAME, server_of_items.endpoint), READER, deadline=300)
    if warm:
        until(lambda: read(f"/images/{image}")["statusCode"] == 302)
    waits.clear()
    server_of_items.plans = ["hang"] * 3
    with redis.Redis.from_url(server.url) as client:
        client.execute_command("CLIENT", "PAUSE", 600_000, "ALL")
        try:
            assert is_unavailable(read(f"/images/{image}"))
        finally:
            server.stop()
            server.start()
    assert all(each < SECONDS for each in waits)


def test_redis_is_not_asked_when_its_answer_could_come_too_late() -> None:
    with Listener(None) as hanging, deadline((READER.connect + READER.answer) / 2):
        with pytest.raises(CacheUnavailable, match="too little time"):
            connect(hanging.url, READER).read("a.jpg")
        assert hanging.connections == 0


@pytest.mark.parametrize("plan", ["drop", "fail"])
def test_what_a_server_fails_to_answer_is_asked_again_once(
    reader: Callable[..., Read], server_of_items: Server, image: str, plan: str
) -> None:
    read = reader("", ItemReader(NAME, server_of_items.endpoint))
    server_of_items.plans = [plan]
    assert read(f"/images/{image}")["statusCode"] == 302
    server_of_items.plans = [plan, plan]
    assert is_unavailable(read(f"/images/{image}"))


def test_a_table_that_throttles_is_not_asked_again(
    reader: Callable[..., Read], server_of_items: Server, image: str
) -> None:
    server_of_items.plans = ["throttle"]
    read = reader("", ItemReader(NAME, server_of_items.endpoint))
    assert is_unavailable(read(f"/images/{image}"))
    assert server_of_items.requests == 1
    assert read(f"/images/{image}")["statusCode"] == 302
    assert server_of_items.connections == 1


def test_an_unknown_image_is_unknown(reader: Callable[..., Read], server_of_items: Server) -> None:
    read = reader("", ItemReader(NAME, server_of_items.endpoint))
    assert read("/images/missing.jpg")["statusCode"] == 404


def test_a_table_behind_a_redis_that_answers_fills_it(
    reader: Callable[..., Read], server: RedisServer, server_of_items: Server, image: str
) -> None:
    read = reader(server.url, ItemReader(NAME, server_of_items.endpoint), PATIENT)
    assert [read(f"/images/{image}")["statusCode"] for _ in range(3)] == [302] * 3
    assert server_of_items.requests == 1
