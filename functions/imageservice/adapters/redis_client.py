"""How a function connects to Redis or Valkey: where it is, who connects, and how long it waits."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.retry import Retry

from imageservice.adapters.elasticache_token import elasticache_token
from imageservice.adapters.sigv4 import AwsCredentials


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for an answer and for a connection; `cooldown` is how long no call is tried after a failure."""

    answer: float
    connect: float
    cooldown: float


# A round trip within a VPC takes well under a millisecond; an answer that takes 50 is not coming. After a failure,
# every request would wait for that again, hence the cooldown.
READER = Timeouts(answer=0.05, connect=0.1, cooldown=1.0)
# No reader waits for a refresh, and it must not fail because a TLS handshake takes long in a small function.
WRITER = Timeouts(answer=1.0, connect=2.0, cooldown=0.0)


@dataclass(frozen=True)
class PasswordLogin:
    """A user who has a password; without a user, Redis's own default user."""

    user: str
    password: str

    def options(self) -> dict[str, Any]:
        return {"username": self.user or None, "password": self.password or None}


@dataclass(frozen=True)
class IamLogin:
    """An ElastiCache user who authenticates with this function's role, to the cache of that name."""

    user: str
    cache: str
    serverless: bool

    def options(self) -> dict[str, Any]:
        return {"credential_provider": _TokenPerConnection(self)}


Login = PasswordLogin | IamLogin


class UnusableUrl(Exception):
    """An address that no client can be made for; the message is for the person who deployed it."""


class _TokenPerConnection(CredentialProvider):
    """Signs a new token whenever redis-py connects, so that no token is out of date, even after a reconnect."""

    def __init__(self, login: IamLogin) -> None:
        self._login = login

    def get_credentials(self) -> tuple[str, str]:
        login = self._login
        credentials = AwsCredentials.from_environment(os.environ)
        token = elasticache_token(login.cache, login.user, credentials, serverless=login.serverless)
        return login.user, token


def client_of(url: str, timeouts: Timeouts = READER, login: Login | None = None) -> Callable[[], Any]:
    """Returns a function that makes the client for `url`; its connections stay open from one command to the next.

    `redis://` or, with TLS, `rediss://`; user and password as in any URL, or from `login`; `?cluster=true` for a
    cluster, and so for ElastiCache Serverless; `replicated=true` is for `is_replicated`. Other parameters are
    redis-py's: `?ssl_ca_certs=/opt/ca.pem`. The function raises UnusableUrl.
    """

    def connected() -> Any:
        try:
            return _client(url, timeouts, login)
        # urllib and redis-py raise these for a scheme, a port or an option that they don't know.
        except (ValueError, TypeError) as error:
            raise UnusableUrl(f"CacheUrl is not the address of a Redis or Valkey: {error}") from error

    return connected


def is_replicated(url: str) -> bool:
    """Whether the address says that it is a cluster whose masters have replicas: `?cluster=true&replicated=true`."""
    return _is_set(dict(parse_qsl(url.partition("?")[2])).get("replicated", ""))


def _is_set(value: str) -> bool:
    return value.lower() in ("1", "true", "yes")


def _client(url: str, timeouts: Timeouts, login: Login | None) -> Any:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    clustered = _is_set(options.pop("cluster", ""))
    if _is_set(options.pop("replicated", "")) and not clustered:
        raise ValueError("replicated=true is for clusters: cluster=true is missing")
    address = urlunsplit(parts._replace(query=urlencode(options)))
    settings = {**_bounded(timeouts), **(login.options() if login else {})}
    if clustered:
        return redis.RedisCluster.from_url(address, **settings)
    return redis.Redis.from_url(address, single_connection_client=True, **settings)


def _bounded(timeouts: Timeouts) -> dict[str, Any]:
    return {
        "socket_timeout": timeouts.answer,
        "socket_connect_timeout": timeouts.connect,
        # One retry if the open connection turns out to be dropped; a timeout is final.
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        # Saves the HELLO. CLIENT SETINFO stays: reading its answer right after connecting also reads the session
        # tickets of TLS 1.3. Otherwise redis-py would take them for the rest of an earlier answer, and give up.
        "protocol": 2,
    }
