"""The cache that readers are served from: one key per image in Redis or Valkey, and one primitive that writes it.

A value is `{revision} {manifest as JSON}`, or a lease, `- {token}`: one reader is reading the table for this image now.

    read    GET
    lease   SET NX, before the table is read
    write   put_if_newer, a Lua script: a refresh replaces an older revision, a fill replaces the very lease it was
            read under, and nothing else is ever written

So a late fill is dropped, because its lease is gone: a refresh replaced it, it expired, or Redis lost it in an eviction
or a restart. After such a loss, an empty key does not show that something newer was there. For the same reason, a
refresh does not write if it finds no revision. It may be late itself (a redrive weeks later), so it takes the lease,
and the table is read again. docs/read-path.md has the argument, tests/integration/read_path the proof.

All reads and writes go to primaries, because a replica may be behind.
"""

import os
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import orjson
from redis.exceptions import RedisClusterException, RedisError

from imageservice.adapters.cache_replication import confirm
from imageservice.adapters.deadline import time_left
from imageservice.adapters.no_cache import NoCache
from imageservice.adapters.redis_client import (
    READER,
    IamLogin,
    Login,
    PasswordLogin,
    Timeouts,
    UnusableUrl,
    client_of,
    is_replicated,
)
from imageservice.adapters.settings import CacheSettings
from imageservice.core.errors import CacheUnavailable
from imageservice.core.manifest import Manifest

# How long an entry may live. No entry lives longer than an hour, which limits the harm if Redis loses a write that it
# acknowledged (a failover to a replica that lagged). A tombstone lives for seconds: an upload that revives the id
# refreshes the cache only when it is recorded, and until then readers should see its progress.
_LASTING_MS = 3_600_000
_UNKNOWN_MS = 5_000
_UNDER_WAY_MS = 1_000
_JITTER = 0.1
_DECODED = 512
# Longer than a read of the table may take (imageservice.adapters.aws_clients); past it the lease is void.
_LEASE_MS = 5_000

# ARGV: the revision, the value and its TTL; a lease, and its TTL, empty for a fill.
PUT_IF_NEWER: Final = """
local current = redis.call('GET', KEYS[1])
local revision, value, ttl, lease, lease_ttl = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if lease_ttl == '' then
    if current ~= lease then return 'KEPT' end
else
    local current_revision = current and tonumber(string.match(current, '^%d+')) or 0
    if current_revision >= revision then return 'KEPT' end
    if current_revision == 0 then
        redis.call('SET', KEYS[1], lease, 'PX', lease_ttl)
        return 'LEASED'
    end
end
redis.call('SET', KEYS[1], value, 'PX', ttl)
return 'STORED'
"""


class CacheEntry(NamedTuple):
    """What the cache knows about an image: its manifest, or None if there is no such image."""

    manifest: Manifest | None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to fill one image's entry with a manifest that is read from the table after the lease was taken."""

    image_id: str
    token: bytes


LEASED: Final = "LEASED"
Refreshed = Literal["STORED", "KEPT"] | Lease


class ManifestCache:
    """Manifests in Redis. Every method raises CacheUnavailable if Redis is gone, is slow or sends invalid answers."""

    def __init__(
        self,
        connected: Callable[[], Any],
        timeouts: Timeouts = READER,
        prefix: str = "",
        *,
        replicated: bool = False,
    ) -> None:
        """`connected` makes the client at the first command, because it may contact the server, and fail."""
        self._replicated = replicated
        self._connected = connected
        self._begin = f"{prefix}:".encode() if prefix else b""
        self._prefix = self._begin + b"manifest:"
        self._timeouts = timeouts
        self._client: Any = None
        self._cooldown_until = 0.0
        self._failure = ""
        # The entries that were read last, with the bytes that they were decoded from: popular ones seldom change.
        self._decoded: OrderedDict[str, tuple[bytes, CacheEntry]] = OrderedDict()

    def use(self, generation: int) -> None:
        """From now on, keys begin with this generation (imageservice.adapters.cache_generation)."""
        prefix = self._begin + b"%d:manifest:" % generation
        if prefix != self._prefix:
            self._prefix = prefix
            self._decoded.clear()

    def mark(self, generation: int, until: float) -> None:
        """Marks the cache as in use until a moment, in seconds since 1970; what Redis stores too late is void."""
        until_ms = int(until * 1000)
        self._ask("set", self._begin + b"generation", b"%d %d" % (generation, until_ms), pxat=until_ms)

    def marked(self) -> tuple[int, float] | None:
        """The generation that the cache is marked with, and until when; None if there is no mark."""
        value = self._ask("get", self._begin + b"generation")
        if value is None:
            return None
        generation, until_ms = value.split()
        return int(generation), int(until_ms) / 1000

    def read(self, image_id: str) -> CacheEntry | Literal["LEASED"] | None:
        """The image's entry; LEASED while another reader reads the table for it; None if there is none."""
        value = self._ask("get", self._key(image_id))
        if value is None:
            return None
        decoded = self._decoded.get(image_id)
        if decoded is not None and decoded[0] == value:
            self._decoded.move_to_end(image_id)
            return decoded[1]
        entry = _decoded(image_id, value)
        if isinstance(entry, CacheEntry):
            self._decoded[image_id] = value, entry
            self._decoded.move_to_end(image_id)
            if len(self._decoded) > _DECODED:
                self._decoded.popitem(last=False)
        return entry

    def lease(self, image_id: str) -> Lease | None:
        """The lease on an image without an entry, taken before the table is read; None if another reader has it."""
        lease = Lease(image_id, _new_token())
        taken = self._ask("set", self._key(image_id), lease.token, nx=True, px=_LEASE_MS)
        return lease if taken else None

    def fill(self, lease: Lease, manifest: Manifest | None) -> bool:
        """Stores the table's answer, under the lease. Returns False if the lease is gone."""
        revision = _order(manifest)
        ttl = _ttl_ms(manifest, revision)
        answer = self._put_if_newer(lease.image_id, revision, manifest, ttl, lease.token, lease_ttl="")
        return bool(answer == b"STORED")

    def release(self, lease: Lease) -> None:
        """Gives the lease up, so that no reader waits for it."""
        self._ask("eval", _RELEASE, 1, self._key(lease.image_id), lease.token)

    def refresh(self, manifest: Manifest) -> Refreshed:
        """Stores a recorded manifest or tombstone: from here on, nothing older is read or filled in.

        STORED: an older revision was replaced. KEPT: this one or a newer is there. A lease: there was no revision to
        compare with, so the caller reads the table and fills.
        """
        lease = Lease(manifest["id"], _new_token())
        revision = manifest["revision"]
        # What is served may have been deleted while a newer upload is processed: then there is nothing to serve.
        ttl = _ttl_ms(manifest, _order(manifest))
        answer = self._put_if_newer(
            lease.image_id, revision, manifest, ttl, lease.token, lease_ttl=str(_LEASE_MS)
        )
        if answer == b"LEASED":
            return lease
        return "STORED" if answer == b"STORED" else "KEPT"

    def confirm(self, manifest: Manifest) -> None:
        """After `refresh`, and `fill` under its lease: returns once no failover can undo them.

        Only where the address says that there are replicas; otherwise it does nothing.
        """
        if self._replicated:
            key, revision = self._key(manifest["id"]), manifest["revision"]
            self._guarded(lambda client: confirm(client, key, revision))

    def _put_if_newer(
        self,
        image_id: str,
        revision: int,
        manifest: Manifest | None,
        ttl_ms: int,
        token: bytes,
        lease_ttl: str,
    ) -> Any:
        value = _encoded(image_id, revision, manifest)
        key = self._key(image_id)
        return self._ask("eval", PUT_IF_NEWER, 1, key, revision, value, ttl_ms, token, lease_ttl)

    def _key(self, image_id: str) -> bytes:
        return self._prefix + image_id.encode()

    def _ask(self, command: str, *arguments: Any, **options: Any) -> Any:
        return self._guarded(lambda client: getattr(client, command)(*arguments, **options))

    def _guarded(self, call: Callable[[Any], Any]) -> Any:
        if self._cooldown_until and time.monotonic() < self._cooldown_until:
            raise CacheUnavailable(f"{self._failure}; it is left alone for a moment")
        longest = self._timeouts.answer + (self._timeouts.connect if self._client is None else 0)
        if time_left() < longest:
            raise CacheUnavailable("too little time is left to ask Redis")
        try:
            if self._client is None:
                self._client = self._connected()
            answer = call(self._client)
        except (RedisError, RedisClusterException, OSError) as error:
            self._cooldown_until = time.monotonic() + self._timeouts.cooldown
            self._failure = f"Redis: {type(error).__name__}: {error}"
            raise CacheUnavailable(self._failure) from error
        except UnusableUrl as error:
            raise CacheUnavailable(str(error)) from error
        self._cooldown_until = 0.0
        return answer


def connect(
    url: str, timeouts: Timeouts = READER, *, prefix: str = "", login: Login | None = None
) -> ManifestCache | NoCache:
    """The cache at `url`, which `client_of` understands; no cache if it is empty. Nothing is sent before the first
    command.

    `prefix` begins every key, so that stacks that share a Redis don't share entries.
    """
    if not url:
        return NoCache()
    return ManifestCache(client_of(url, timeouts, login), timeouts, prefix, replicated=is_replicated(url))


def configured_cache(config: CacheSettings, timeouts: Timeouts) -> ManifestCache | NoCache:
    """The cache that the template gives this function: none, the stack's own, or an external one."""
    login: Login | None = None
    if config.iam_name:
        login = IamLogin(config.user, config.iam_name, config.iam_serverless)
    elif config.user or config.password:
        login = PasswordLogin(config.user, config.password)
    return connect(config.url, timeouts, prefix=config.prefix, login=login)


_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


def _new_token() -> bytes:
    return b"- " + os.urandom(12).hex().encode()


def _order(manifest: Manifest | None) -> int:
    """The revision of an entry: 0 while there is nothing to serve, so that anything recorded replaces it."""
    if manifest is None or not ("renditions" in manifest or manifest["status"] == "DELETED"):
        return 0
    return manifest["revision"]


def _ttl_ms(manifest: Manifest | None, revision: int) -> int:
    if manifest is None or manifest["status"] == "DELETED":
        lifetime = _UNKNOWN_MS
    else:
        lifetime = _LASTING_MS if revision else _UNDER_WAY_MS
    return int(lifetime * (1 - random.random() * _JITTER))  # noqa: S311 - so that entries don't end all at once


def _encoded(image_id: str, revision: int, manifest: Manifest | None) -> bytes:
    content = {"id": image_id} if manifest is None else manifest
    return b"%d %s" % (revision, orjson.dumps(content))


def _decoded(image_id: str, value: Any) -> CacheEntry | Literal["LEASED"]:
    try:
        revision, content = value.split(b" ", 1)
        if revision == b"-":
            return LEASED
        manifest = orjson.loads(content)
        if manifest["id"] == image_id:
            return CacheEntry(manifest if "status" in manifest else None)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CacheUnavailable(f"Redis holds no manifest for {image_id}: {value!r:.80}") from error
    raise CacheUnavailable(f"Redis answered {image_id} with the manifest of {manifest['id']!r:.80}")
