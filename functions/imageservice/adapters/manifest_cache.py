"""What readers are answered from: one key an image in Redis or Valkey, and one primitive to write it.

A value is `{revision} {manifest as JSON}`, or a claim, `- {token}`: somebody is reading the table for this image now.

    read    GET
    claim   SET NX, before the table is read
    write   put_if_newer, a Lua script: a refresh replaces an older revision, a fill replaces the very claim it was
            read under, and nothing else is ever written

So what a reader was slow to bring is dropped: its claim is gone, be it by a refresh, by its lease's end, or by an
eviction or a restart, which would make a key look as if nothing newer had ever been there. For the same reason a
refresh does not write where it finds nothing of a revision: it may itself be late (a redrive weeks after), so it takes
the claim and has the table read again. docs/read-path.md has the argument, tests/integration/read_path the proof.

All of it is read and written at primaries: a replica may be behind.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry

from imageservice.core.errors import CacheUnavailable
from imageservice.core.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds to wait for an answer and for a connection, and to leave Redis alone after a failure."""

    answer: float
    connect: float
    rest: float


# A round trip within a VPC takes well under a millisecond; what takes 50 is not coming. After a failure every request
# would pay that again, hence the rest.
READER = Patience(answer=0.05, connect=0.1, rest=1.0)
# Nobody waits for a refresh, and it must not fail because a small function takes its time over a TLS handshake.
WRITER = Patience(answer=1.0, connect=2.0, rest=0.0)

# How long an entry may live. The lasting ones end within the hour, which bounds the harm of the one thing that can make
# Redis forget a write it acknowledged: a failover to a replica that had not got it yet. A tombstone lasts seconds: an
# upload that revives the id is refreshed only when it is recorded, and until then readers are to hear of its progress.
_LASTING_MS = 3_600_000
_UNKNOWN_MS = 5_000
_UNDER_WAY_MS = 1_000
_JITTER = 0.1
_DECODED = 512
# Longer than a read of the table may take (imageservice.adapters.aws_clients); past it the claim is void.
_LEASE_MS = 5_000

PUT_IF_NEWER: Final = """
local held = redis.call('GET', KEYS[1])
local revision, value, ttl, claim, lease = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if lease == '' then
    if held ~= claim then return 'KEPT' end
else
    local known = held and tonumber(string.match(held, '^%d+')) or 0
    if known >= revision then return 'KEPT' end
    if known == 0 then
        redis.call('SET', KEYS[1], claim, 'PX', lease)
        return 'CLAIMED'
    end
end
redis.call('SET', KEYS[1], value, 'PX', ttl)
return 'STORED'
"""


class Known(NamedTuple):
    """An entry: the manifest, or None where it is known that there is no such image."""

    manifest: Manifest | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to fill one image's entry with what the table is read to say from now on."""

    image_id: str
    value: bytes


CLAIMED: Final = "CLAIMED"
Refreshed = Literal["STORED", "KEPT"] | Claim


class ManifestCache:
    """Manifests in Redis. Every method raises CacheUnavailable where Redis is gone, slow or answers rubbish."""

    def __init__(self, connected: Callable[[], Any], patience: Patience = READER) -> None:
        """`connected` makes the client, with the first command: it may speak to the server, and fail."""
        self._connected = connected
        self._patience = patience
        self._client: Any = None
        self._resting_until = 0.0
        self._failure = ""
        # The last entries with the very bytes they were decoded from: hot ones change seldom.
        self._decoded: dict[str, tuple[bytes, Known]] = {}

    def read(self, image_id: str) -> Known | Literal["CLAIMED"] | None:
        """The image's entry; CLAIMED where somebody is reading the table for it just now; None where there is none."""
        value = self._ask("get", _key(image_id))
        if value is None:
            return None
        known = self._decoded.get(image_id)
        if known is not None and known[0] == value:
            return known[1]
        entry = _decoded(image_id, value)
        if isinstance(entry, Known):
            if len(self._decoded) >= _DECODED:
                self._decoded.clear()
            self._decoded[image_id] = value, entry
        return entry

    def claim(self, image_id: str) -> Claim | None:
        """The claim on an image without entry, taken before the table is read; None if somebody was faster."""
        claim = Claim(image_id, _claim_value())
        taken = self._ask("set", _key(image_id), claim.value, nx=True, px=_LEASE_MS)
        return claim if taken else None

    def fill(self, claim: Claim, manifest: Manifest | None) -> bool:
        """Stores what the table said under the claim. False if the claim is void: a refresh came in between, say."""
        revision = _order(manifest)
        answer = self._put_if_newer(
            claim.image_id, revision, manifest, _ttl_ms(manifest, revision), claim.value, lease=""
        )
        return bool(answer == b"STORED")

    def release(self, claim: Claim) -> None:
        """Gives the claim up, so that nobody waits for it."""
        self._ask("eval", _RELEASE, 1, _key(claim.image_id), claim.value)

    def refresh(self, manifest: Manifest) -> Refreshed:
        """Brings in a recorded manifest or tombstone: from here on nothing older is read or filled in.

        STORED: an older revision was replaced. KEPT: this one or a newer is there. A claim: nothing of a revision was
        there to tell whether this is the newest, so the caller may read the table and fill.
        """
        claim = Claim(manifest["id"], _claim_value())
        ttl = _ttl_ms(manifest, manifest["revision"])
        answer = self._put_if_newer(
            claim.image_id, manifest["revision"], manifest, ttl, claim.value, lease=str(_LEASE_MS)
        )
        if answer == b"CLAIMED":
            return claim
        return "STORED" if answer == b"STORED" else "KEPT"

    def _put_if_newer(
        self, image_id: str, revision: int, manifest: Manifest | None, ttl_ms: int, claim: bytes, lease: str
    ) -> Any:
        value = _encoded(image_id, revision, manifest)
        key = _key(image_id)
        return self._ask("eval", PUT_IF_NEWER, 1, key, revision, value, ttl_ms, claim, lease)

    def _ask(self, command: str, *arguments: Any, **options: Any) -> Any:
        if self._resting_until and time.monotonic() < self._resting_until:
            raise CacheUnavailable(f"{self._failure}; it is left alone for a moment")
        try:
            if self._client is None:
                self._client = self._connected()
            answer = getattr(self._client, command)(*arguments, **options)
        except (RedisError, RedisClusterException, OSError) as error:
            self._resting_until = time.monotonic() + self._patience.rest
            self._failure = f"Redis: {type(error).__name__}: {error}"
            raise CacheUnavailable(self._failure) from error
        self._resting_until = 0.0
        return answer


class NoCache:
    """Stands in where no Redis is configured: nothing is ever there, and nothing is kept.

    Its methods have the shape of ManifestCache's, and so arguments that they don't read.
    """

    def read(self, image_id: str) -> None:  # noqa: ARG002
        return None

    def claim(self, image_id: str) -> None:  # noqa: ARG002
        return None

    def fill(self, claim: Claim, manifest: Manifest | None) -> bool:  # noqa: ARG002
        return False

    def release(self, claim: Claim) -> None:
        pass

    def refresh(self, manifest: Manifest) -> Literal["KEPT"]:  # noqa: ARG002
        return "KEPT"


def connect(url: str, patience: Patience = READER) -> ManifestCache | NoCache:
    """The cache at `url`, as `client_of` reads it; none where it is empty. Nothing is sent before the first command."""
    return ManifestCache(client_of(url, patience), patience) if url else NoCache()


def client_of(url: str, patience: Patience = READER) -> Callable[[], Any]:
    """What makes the client for `url`; its connections are kept from one command to the next.

    `redis://` or, with TLS, `rediss://`; user and password as in any URL; `?cluster=true` for Redis Cluster, and so for
    ElastiCache Serverless. Other parameters are redis-py's: `?ssl_ca_certs=/opt/ca.pem`.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    clustered = options.pop("cluster", "").lower() in ("1", "true", "yes")
    address = urlunsplit(parts._replace(query=urlencode(options)))
    if clustered:
        return lambda: redis.RedisCluster.from_url(address, **_bounded(patience))
    return lambda: redis.Redis.from_url(address, single_connection_client=True, **_bounded(patience))


def _bounded(patience: Patience) -> dict[str, Any]:
    return {
        "socket_timeout": patience.answer,
        "socket_connect_timeout": patience.connect,
        # Once more where the kept connection turns out to be dropped; a timeout is final.
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        # Saves the HELLO. CLIENT SETINFO stays: its answer is read right after connecting, and with it the session
        # tickets of TLS 1.3, which redis-py would otherwise take for the rest of an earlier answer, and give up.
        "protocol": 2,
    }


_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


def _key(image_id: str) -> bytes:
    return b"manifest:" + image_id.encode()


def _claim_value() -> bytes:
    return b"- " + os.urandom(12).hex().encode()


def _order(manifest: Manifest | None) -> int:
    """The revision that an entry counts as: 0, which anything recorded replaces, while there is nothing to serve."""
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


def _decoded(image_id: str, value: Any) -> Known | Literal["CLAIMED"]:
    try:
        revision, content = value.split(b" ", 1)
        if revision == b"-":
            return CLAIMED
        manifest = orjson.loads(content)
        if manifest["id"] == image_id:
            return Known(manifest if "status" in manifest else None)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CacheUnavailable(f"Redis holds no manifest for {image_id}: {value!r:.80}") from error
    raise CacheUnavailable(f"Redis answered {image_id} with the manifest of {manifest['id']!r:.80}")
