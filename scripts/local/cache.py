"""The cache that the stack's readers are served from: one Redis, a Valkey cluster, a given one, or none."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local import redis_server, redis_watch
from local.deployment import source
from local.options import Options, UnusableOption

_USER = "functions"
_REPLICAS = 1


@dataclass(frozen=True)
class RunningCache:
    """Where the cache is, None if there is none, and the password of its user; without one, anybody may use it."""

    address: str | None
    password: str = ""

    @property
    def url(self) -> str | None:
        """The address for programs, with user and password."""
        if self.address is None or not self.password:
            return self.address
        from local.redis_cluster import with_login

        return with_login(self.address, _USER, self.password)

    def parameters(self, client: Callable[[str], Any]) -> dict[str, str]:
        """The template's parameters for this cache; the password is stored in Secrets Manager. `client` makes boto3
        clients."""
        if self.address is None:
            return {}
        given = {"Cache": "external", "CacheUrl": self.address}
        if self.password:
            secret = client("secretsmanager").create_secret(
                Name="local-cache", SecretString=json.dumps({"username": _USER, "password": self.password})
            )
            given["CacheSecretArn"] = secret["ARN"]
        return given


@contextlib.contextmanager
def running(options: Options) -> Iterator[RunningCache]:
    """Run the cache that the options ask for, for as long as the block runs.

    A cluster has TLS, and a user with the rights that the template gives its own. Raises NoRedis, PortTaken,
    BrokenTemplate, and UnusableOption if a cluster is asked for and the template has no such user.
    """
    logs = options.state_dir / "logs"
    if options.cache == "none":
        yield RunningCache(None)
    elif options.cache == "cluster":
        # Redis's client and cryptography: a tenth of a start, which no other cache needs.
        from local.redis_cluster import Cluster, Guard

        guard = Guard(
            certificate=options.state_dir / "cluster" / "certificate.pem",
            user=_USER,
            password=secrets.token_hex(),
            rights=_rights(options),
            first_port=options.redis_port,
        )
        logs.mkdir(parents=True, exist_ok=True)
        with Cluster(options.state_dir / "cluster", _REPLICAS, guard, log=logs / "redis.log") as cluster:
            yield RunningCache(cluster.address, guard.password)
    elif options.redis_url is not None:
        with redis_watch.running(options.redis_url, is_own=False):
            yield RunningCache(options.redis_url)
    else:
        with (
            redis_server.running(options.redis_port, logs / "redis.log") as url,
            redis_watch.running(url, is_own=True),
        ):
            yield RunningCache(url)


def _rights(options: Options) -> str:
    user = source.read(options.template)["Resources"].get("CacheUser")
    if user is None:
        raise UnusableOption(f"--cache cluster: {options.template} has no CacheUser, whose rights it needs")
    rights: str = user["Properties"]["AccessString"]["Fn::Sub"]
    return rights.replace("${AWS::StackName}", options.stack_name)
