"""The cache protocol's rules, one by one, against a real Redis and a real cluster."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from read_world import PATIENT, manifest

from imageservice.adapters.manifest_cache import LEASED, CacheEntry, Lease, ManifestCache, connect
from imageservice.adapters.no_cache import NoCache
from imageservice.adapters.redis_client import client_of
from imageservice.core.errors import CacheUnavailable
from imageservice.core.manifest import Manifest
from local.redis_server import RedisServer

_DAY_MS = 86_400_000


@pytest.fixture
def cache(cache_url: str) -> ManifestCache:
    connected = connect(cache_url, PATIENT)
    assert isinstance(connected, ManifestCache)
    return connected


@pytest.fixture
def server(cache_url: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The same cache, for a client that may do everything."""
    clustered = "cluster" in cache_url
    url = request.getfixturevalue("redis_cluster").admin_url if clustered else cache_url
    with client_of(url, PATIENT)() as client:
        yield client


@pytest.fixture
def image_id() -> str:
    return f"a b+c%20é/{uuid.uuid4()}.jpg"


def tombstone(image_id: str, revision: int) -> Manifest:
    return {"id": image_id, "status": "DELETED", "revision": revision}


def leased(cache: ManifestCache, image_id: str) -> Lease:
    lease = cache.lease(image_id)
    assert lease is not None
    return lease


def held(cache: ManifestCache, image_id: str) -> int | None:
    """The revision that readers get, None where there is no entry."""
    entry = cache.read(image_id)
    return entry.manifest["revision"] if isinstance(entry, CacheEntry) and entry.manifest else None


def put(cache: ManifestCache, image_id: str, revision: int) -> None:
    assert cache.fill(leased(cache, image_id), manifest(image_id, revision))


# readers


def test_what_a_lease_was_filled_with_is_read(cache: ManifestCache, image_id: str) -> None:
    put(cache, image_id, 1)
    assert cache.read(image_id) == CacheEntry(manifest(image_id, 1))


def test_an_unknown_image_is_known_to_be_none(cache: ManifestCache, image_id: str) -> None:
    cache.fill(leased(cache, image_id), None)
    assert cache.read(image_id) == CacheEntry(None)


def test_while_one_reads_the_table_others_see_it(cache: ManifestCache, image_id: str) -> None:
    leased(cache, image_id)
    assert cache.read(image_id) == LEASED
    assert cache.lease(image_id) is None


def test_an_entry_can_not_be_leaseed(cache: ManifestCache, image_id: str) -> None:
    put(cache, image_id, 1)
    assert cache.lease(image_id) is None


def test_a_lease_that_is_given_up_is_free_again(cache: ManifestCache, image_id: str) -> None:
    cache.release(leased(cache, image_id))
    assert cache.read(image_id) is None


def test_only_its_holder_gives_a_lease_up(cache: ManifestCache, server: Any, image_id: str) -> None:
    lost = leased(cache, image_id)
    server.delete(f"manifest:{image_id}")
    leased(cache, image_id)
    cache.release(lost)
    assert cache.read(image_id) == LEASED


def test_a_fill_whose_lease_was_evicted_is_dropped(cache: ManifestCache, server: Any, image_id: str) -> None:
    lease = leased(cache, image_id)
    server.delete(f"manifest:{image_id}")
    assert not cache.fill(lease, manifest(image_id, 1))
    assert cache.read(image_id) is None


def test_a_fill_under_anothers_lease_is_dropped(cache: ManifestCache, server: Any, image_id: str) -> None:
    lost = leased(cache, image_id)
    server.delete(f"manifest:{image_id}")
    leased(cache, image_id)
    assert not cache.fill(lost, manifest(image_id, 1))


def test_a_fill_after_a_refresh_is_dropped(cache: ManifestCache, image_id: str) -> None:
    late = leased(cache, image_id)
    cache.refresh(manifest(image_id, 2))
    assert not cache.fill(late, manifest(image_id, 1))


# refreshes


def test_a_refresh_replaces_an_older_revision(cache: ManifestCache, image_id: str) -> None:
    put(cache, image_id, 1)
    assert cache.refresh(manifest(image_id, 2)) == "STORED"
    assert held(cache, image_id) == 2


@pytest.mark.parametrize("late", [1, 2])
def test_a_refresh_keeps_the_same_or_a_newer_revision(cache: ManifestCache, image_id: str, late: int) -> None:
    put(cache, image_id, 2)
    assert cache.refresh(manifest(image_id, late)) == "KEPT"
    assert held(cache, image_id) == 2


def test_a_tombstone_replaces_the_image(cache: ManifestCache, image_id: str) -> None:
    put(cache, image_id, 1)
    cache.refresh(tombstone(image_id, 2))
    assert cache.read(image_id) == CacheEntry(tombstone(image_id, 2))


def test_a_late_refresh_does_not_bring_a_deleted_image_back(cache: ManifestCache, image_id: str) -> None:
    put(cache, image_id, 1)
    cache.refresh(tombstone(image_id, 3))
    assert cache.refresh(manifest(image_id, 2)) == "KEPT"


def test_where_nothing_is_held_a_refresh_does_not_trust_itself(cache: ManifestCache, image_id: str) -> None:
    """It may be a redrive weeks later: it gets the lease, so that the table is read."""
    lease = cache.refresh(manifest(image_id, 1))
    assert isinstance(lease, Lease)
    assert cache.fill(lease, manifest(image_id, 5))
    assert held(cache, image_id) == 5


def test_where_a_reader_holds_the_lease_a_refresh_takes_it_over(cache: ManifestCache, image_id: str) -> None:
    leased(cache, image_id)
    assert isinstance(cache.refresh(manifest(image_id, 1)), Lease)


@pytest.mark.parametrize("known", [None, {"id": "", "status": "PROCESSING", "revision": 7}])
def test_what_was_known_before_anything_was_served_is_no_reason_to_trust_it(
    cache: ManifestCache, image_id: str, known: Manifest | None
) -> None:
    cache.fill(leased(cache, image_id), known and {**known, "id": image_id})
    assert isinstance(cache.refresh(manifest(image_id, 1)), Lease)


def test_revisions_are_compared_as_numbers(cache: ManifestCache, image_id: str) -> None:
    put(cache, image_id, 9)
    assert cache.refresh(manifest(image_id, 10)) == "STORED"


# lifetimes


@pytest.mark.parametrize(
    ("status", "most_ms"), [("READY", 3_600_000), ("DELETED", 5000), ("PROCESSING", 1000), (None, 5000)]
)
def test_each_kind_of_entry_lives_as_long_as_it_may(
    cache: ManifestCache, server: Any, image_id: str, status: str | None, most_ms: int
) -> None:
    entries: dict[str | None, Manifest | None] = {
        None: None,
        "READY": manifest(image_id, 1),
        "DELETED": tombstone(image_id, 1),
        "PROCESSING": {"id": image_id, "status": "PROCESSING", "revision": 3},
    }
    lease = leased(cache, image_id)
    begun = time.time() * 1000
    cache.fill(lease, entries[status])
    ended = time.time() * 1000
    assert begun + most_ms * 0.89 < server.pexpiretime(f"manifest:{image_id}") <= ended + most_ms


def test_a_tombstone_is_gone_long_before_its_id_may_begin_again(
    cache: ManifestCache, server: Any, image_id: str
) -> None:
    cache.fill(leased(cache, image_id), tombstone(image_id, 1))
    assert server.pttl(f"manifest:{image_id}") < 30 * _DAY_MS / 10


def test_lifetimes_are_spread(cache: ManifestCache, server: Any, image_id: str) -> None:
    lifetimes = set()
    for each in range(20):
        put(cache, f"{image_id}{each}", 1)
        lifetimes.add(server.pttl(f"manifest:{image_id}{each}") // 1000)
    assert len(lifetimes) > 10


def test_a_lease_ends_by_itself(cache: ManifestCache, server: Any, image_id: str) -> None:
    leased(cache, image_id)
    assert 0 < server.pttl(f"manifest:{image_id}") <= 5000


# invalid entries


@pytest.mark.parametrize(
    "rubbish", [b"", b"x", b"1 {", b"1 []", b'1 {"status": "READY"}', b"\xff\xfe 1", b"1 null"]
)
def test_a_value_that_is_no_manifest_is_as_good_as_no_redis(
    cache: ManifestCache, server: Any, image_id: str, rubbish: bytes
) -> None:
    server.set(f"manifest:{image_id}", rubbish)
    with pytest.raises(CacheUnavailable):
        cache.read(image_id)


def test_another_images_manifest_is_never_taken_for_this_ones(
    cache: ManifestCache, server: Any, image_id: str
) -> None:
    put(cache, image_id, 1)
    server.set(f"manifest:{image_id}2", server.get(f"manifest:{image_id}"))
    with pytest.raises(CacheUnavailable):
        cache.read(f"{image_id}2")


# addresses


def test_without_an_address_there_is_no_cache() -> None:
    cache = connect("")
    assert isinstance(cache, NoCache)
    assert cache.read("a.jpg") is None


def test_the_address_may_hold_a_password(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as admin:
        admin.acl_setuser("reader", enabled=True, passwords="+pa ss", commands=["+@all"], keys=["manifest:*"])
    authorised = connect(redis_server.url.replace("redis://", "redis://reader:pa%20ss@"), PATIENT)
    assert authorised.lease(f"acl/{uuid.uuid4()}") is not None
    refused = connect(redis_server.url.replace("redis://", "redis://reader:wrong@"), PATIENT)
    with pytest.raises(CacheUnavailable):
        refused.read("a.jpg")


def test_a_dropped_connection_is_made_again_at_once(redis_server: RedisServer, image_id: str) -> None:
    """As in a Lambda environment that was frozen for a long time."""
    cache = connect(redis_server.url, PATIENT)
    assert isinstance(cache, ManifestCache)
    put(cache, image_id, 1)
    with redis.Redis.from_url(redis_server.url) as admin:
        admin.client_kill_filter(_type="normal", skipme=True)
    assert held(cache, image_id) == 1
