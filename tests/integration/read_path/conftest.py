"""A real Redis, a DynamoDB in this process, and the reader between them."""

import json
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from image_tables import dynamodb
from read_world import PATIENT, Writes, image_table

from dev.checks.template import template
from imageservice.adapters.manifest_cache import connect
from imageservice.adapters.redis_client import Timeouts
from imageservice.adapters.settings import Settings
from imageservice.read_through import Table
from local.redis_cluster import Cluster, Guard
from local.redis_server import RedisServer
from reader import bootstrap
from reader.handler import handler

Read = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for the tests that leave it running."""
    with RedisServer(tmp_path_factory.mktemp("redis") / "redis.log") as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three masters with a replica each, TLS, and a user with the rights that the template gives its own."""
    home = tmp_path_factory.mktemp("cluster")
    rights = template()["Resources"]["CacheUser"]["Properties"]["AccessString"]["Fn::Sub"]
    rights = rights.replace("${AWS::StackName}", "manifest")  # the keys of these tests have no prefix
    with Cluster(home, 1, Guard(home / "certificate.pem", "functions", "secret", rights)) as cluster:
        yield cluster


@pytest.fixture(params=["node", "cluster"])
def cache_url(request: pytest.FixtureRequest) -> str:
    """Where the cache is: a single node, or a cluster as ElastiCache's is, with TLS and users."""
    server = request.getfixturevalue("redis_server" if request.param == "node" else "redis_cluster")
    return str(server.url)


@pytest.fixture
def table_client() -> Iterator[Any]:
    with dynamodb() as client:
        yield client


@pytest.fixture
def image(table_client: Any) -> str:
    """The id of an image that is recorded."""
    image_id = f"{uuid.uuid4()}.jpg"  # Redis outlives the test
    writes = Writes(table_client)
    assert writes.register(image_id, 1)
    assert writes.record(image_id, 1)
    return image_id


@pytest.fixture
def reader(table_client: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Read]:
    """The reader's handler as a new process has it, with this CACHE_URL; `table` takes the place of the real one.

    Redis gets minutes to answer, unless `timeouts` are passed: those of production are for tests of outages. So does
    the whole answer, unless `deadline` is passed, in milliseconds.
    """

    def started(
        redis_url: str,
        table: Table | None = None,
        timeouts: Timeouts = PATIENT,
        deadline: int = 600_000,
    ) -> Read:
        config = Settings(
            cache_url=redis_url,
            cdn_url="https://cdn.example",
            edge_secrets="secret",
            reader_deadline=deadline,
        )
        made = bootstrap.bootstrap(
            config, manifests=connect(redis_url, timeouts), table=table or image_table(table_client)
        )
        monkeypatch.setattr(bootstrap, "dependencies", lambda: made)

        def read(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
            http = {"method": method, "path": path}
            event = {
                "rawPath": path,
                "headers": {"x-edge-secret": "secret", **headers},
                "requestContext": {"http": http},
            }
            context: Any = SimpleNamespace(aws_request_id="request")
            return handler(event, context)

        return read

    return started


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """The lines that were logged since the last call."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def server(redis_server: RedisServer) -> RedisServer:
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server
