"""The claim on a cache: the item that says which configuration is in use, and the mark in the cache itself."""

import time
from typing import Any

import pytest
from read_world import PATIENT, image_table
from switching_world import Functions, Site

from imageservice.adapters import cache_claim
from imageservice.adapters.cache_claim import ClaimedCache
from imageservice.adapters.cache_generation import (
    ITEM,
    LIFETIMES,
    Generation,
)
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.manifest_cache import ManifestCache, connect
from imageservice.core.errors import CacheSwitching, StoreUnavailable
from local.redis_server import RedisServer


@pytest.fixture
def functions(server: RedisServer, table_client: Any) -> Functions:
    """With the lifetimes of production, which nothing here waits for."""
    return Functions(server, image_table(table_client), LIFETIMES, rules=True)


def generation(client: Any) -> Generation | None:
    return Generation.of_item(image_table(client).get(ITEM))


def test_the_first_refresh_of_a_stack_waits_for_no_one(functions: Functions, table_client: Any) -> None:
    site = Site(functions, table_client, "a")
    site.upload()
    site.refresh(site.refreshers[-1])
    current = generation(table_client)
    assert current is not None
    assert current.number == 1


def test_a_stack_that_gets_its_first_cache_waits_for_no_one(functions: Functions, table_client: Any) -> None:
    site = Site(functions, table_client, "none")
    site.upload()
    site.refresh_as_the_workflow_does()
    site.give_refreshes("a")
    site.upload()
    site.refresh(site.refreshers[-1])


def test_the_hold_of_a_cache_that_was_left_outlasts_another_change(
    functions: Functions, table_client: Any
) -> None:
    site = Site(functions, table_client, "a")
    for cache in ("a", "none", "b"):
        site.give_refreshes(cache)
        site.refreshers[-1].renew()
    site.upload()
    with pytest.raises(CacheSwitching, match="refreshes wait"):
        site.refresh(site.refreshers[-1])


def test_two_processes_that_claim_at_once_share_one_generation(
    functions: Functions, table_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one finds the item changed between its read and its write."""
    first, second = functions.refresher("a"), functions.refresher("a")
    assert isinstance(first, ClaimedCache)
    assert isinstance(second, ClaimedCache)
    put = ImageTable.put_generation

    def overtaken(table: ImageTable, item: Any, after: int) -> bool:
        monkeypatch.setattr(ImageTable, "put_generation", put)
        first.renew()
        return put(table, item, after)

    monkeypatch.setattr(ImageTable, "put_generation", overtaken)
    second.renew()
    current = generation(table_client)
    assert current is not None
    assert current.number == 1


def test_a_process_that_was_left_behind_does_not_take_its_cache_back(functions: Functions) -> None:
    old, new = functions.refresher("a"), functions.refresher("b")
    assert isinstance(old, ClaimedCache)
    assert isinstance(new, ClaimedCache)
    old.renew()
    new.renew()
    with pytest.raises(CacheSwitching, match="another configuration"):
        old.refresh({"id": "a.jpg", "status": "DELETED", "revision": 1})


class Unreachable:
    """A table that does not answer."""

    def get(self, image_id: str) -> dict[str, Any] | None:
        raise StoreUnavailable(image_id)

    def put_generation(self, item: dict[str, Any], after: int) -> bool:
        raise StoreUnavailable(f"{item} {after}")


def test_a_hit_needs_no_table_and_a_refresh_function_without_one_renews_the_mark(
    server: RedisServer, functions: Functions, table_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(functions, table_client, "a")
    site.upload()
    site.refresh_as_the_workflow_does()
    site.readers[-1](site.image_id, site.table)
    cache = connect(f"{server.url.removesuffix('/0')}/1", PATIENT, prefix="stack:table")
    assert isinstance(cache, ManifestCache)
    first = cache.marked()
    monkeypatch.setattr(ImageTable, "get", Unreachable.get)
    site.refreshers[-1].renew()
    second = cache.marked()
    assert first
    assert second
    assert second[1] > first[1]
    site.give_readers("a")
    assert site.readers[-1](site.image_id, Unreachable()) == 1


def test_a_mark_that_redis_stores_too_late_is_void(server: RedisServer) -> None:
    cache = connect(server.url, PATIENT, prefix="late")
    assert isinstance(cache, ManifestCache)
    cache.mark(3, time.time() - 1)
    assert cache.marked() is None


def test_a_process_whose_rival_is_settled_takes_over(
    functions: Functions, table_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that a late process of an older configuration had overtaken."""
    new, late = functions.refresher("b"), functions.refresher("a")
    assert isinstance(new, ClaimedCache)
    assert isinstance(late, ClaimedCache)
    new.renew()
    late.renew()
    later = time.time() + LIFETIMES.hold + 1
    clock = type("Clock", (), {"time": staticmethod(lambda: later)})
    monkeypatch.setattr(cache_claim, "time", clock)
    new.renew()
    current = generation(table_client)
    assert current is not None
    assert current.number == 3
