"""Who connects to the cache, which keys it uses, and what an unusable address does: on a real server."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from read_world import manifest

from dev.checks.template import template
from imageservice.adapters import redis_client
from imageservice.adapters.manifest_cache import CacheEntry, ManifestCache, configured_cache, connect
from imageservice.adapters.redis_client import READER, WRITER
from imageservice.adapters.settings import CacheSettings
from imageservice.adapters.sigv4 import AwsCredentials
from imageservice.core.errors import CacheUnavailable
from local.redis_server import RedisServer

Read = Callable[..., dict[str, Any]]
UNUSABLE = [
    "none",
    " ",
    "localhost:6379",
    "http://localhost",
    "redis://localhost:port",
    "redis://[::1",
    "redis://h?db=x",
]


def settings(url: str, **others: Any) -> CacheSettings:
    given = {"prefix": "", "user": "", "password": "", "iam_name": "", "iam_serverless": False}
    return CacheSettings(url=url, **(given | others))


@pytest.fixture
def server(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture
def image_id() -> str:
    return f"{uuid.uuid4()}.jpg"


def store(cache: ManifestCache, image_id: str, revision: int) -> None:
    lease = cache.lease(image_id)
    assert lease is not None
    assert cache.fill(lease, manifest(image_id, revision))


def test_two_stacks_that_share_a_redis_share_no_entry(redis_server: RedisServer, image_id: str) -> None:
    production = connect(redis_server.url, prefix="production:table-1")
    staging = connect(redis_server.url, prefix="staging:table-2")
    assert isinstance(production, ManifestCache)
    store(production, image_id, 1)
    assert isinstance(production.read(image_id), CacheEntry)
    assert staging.read(image_id) is None


def test_the_templates_user_may_do_what_the_cache_does_and_nothing_else(
    redis_server: RedisServer, server: redis.Redis, image_id: str
) -> None:
    rights = template()["Resources"]["CacheUser"]["Properties"]["AccessString"]["Fn::Sub"]
    rights = rights.replace("${AWS::StackName}", "images")
    admin: Any = server  # redis-py leaves execute_command without types
    admin.execute_command("ACL", "SETUSER", "function", "reset", ">secret", *rights.split())
    cache = configured_cache(
        settings(redis_server.url, prefix="images:table", user="function", password="secret"), WRITER
    )
    assert isinstance(cache, ManifestCache)
    store(cache, image_id, 1)
    assert cache.refresh(manifest(image_id, 2)) == "STORED"
    other = configured_cache(
        settings(redis_server.url, prefix="other:table", user="function", password="secret"), WRITER
    )
    with pytest.raises(CacheUnavailable, match="permission"):
        other.read(image_id)
    with redis.Redis.from_url(redis_server.url, username="function", password="secret") as client:
        for command in (["KEYS", "*"], ["FLUSHALL"], ["CONFIG", "GET", "*"], ["SCAN", "0"], ["ACL", "LIST"]):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_a_wrong_password_is_a_cache_that_is_unavailable(
    redis_server: RedisServer, server: redis.Redis
) -> None:
    server.acl_setuser("guarded", enabled=True, passwords="+right", commands=["+@all"], keys=["*"])
    cache = configured_cache(settings(redis_server.url, user="guarded", password="wrong"), READER)
    with pytest.raises(CacheUnavailable, match=r"Authentication|WRONGPASS|invalid username"):
        cache.read("a.jpg")


def test_every_connection_signs_a_token_of_its_own_on_a_reconnect_too(
    redis_server: RedisServer, server: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server takes any password of this user: only AWS can check a token."""
    server.acl_setuser("signed", enabled=True, nopass=True, commands=["+@all"], keys=["*"])
    tokens: list[str] = []

    def numbered(cache: str, user: str, credentials: AwsCredentials, *, serverless: bool) -> str:
        tokens.append(f"{cache}/{user}/{credentials.region}/{serverless}/{len(tokens)}")
        return tokens[-1]

    monkeypatch.setattr(redis_client, "elasticache_token", numbered)
    cache = configured_cache(
        settings(redis_server.url, user="signed", iam_name="images", iam_serverless=True), READER
    )
    for _ in range(2):
        cache.read("a.jpg")
    server.client_kill_filter(_type="normal", skipme=True)
    cache.read("a.jpg")
    assert tokens == ["images/signed/us-east-1/True/0", "images/signed/us-east-1/True/1"]


@pytest.mark.parametrize("url", UNUSABLE)
def test_an_address_that_cannot_be_used_breaks_no_read(
    reader: Callable[[str], Read], image: str, url: str
) -> None:
    assert reader(url)(f"/images/{image}")["statusCode"] == 302


@pytest.mark.parametrize("url", UNUSABLE)
def test_an_address_that_cannot_be_used_fails_a_refresh_and_names_the_parameter(url: str) -> None:
    with pytest.raises(CacheUnavailable, match=r"^CacheUrl is not the address of a Redis or Valkey: "):
        connect(url, WRITER).refresh(manifest("a.jpg", 1))
