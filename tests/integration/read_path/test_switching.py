"""A stack changes its cache while readers read: nothing stale, in whatever order its functions are updated.

First the histories that go wrong without the rules of imageservice.adapters.cache_generation, each with and without
them; then Hypothesis interleaves updates in any order, functions that are updated late, uploads and readers. Redis and
DynamoDB are real; marks and holds are shorter than in production.
"""

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from image_tables import dynamodb
from read_world import PATIENT, Pausable, PausingTable, Writes, image_table

from imageservice.adapters import cache_claim
from imageservice.adapters.cache_claim import ClaimedCache
from imageservice.adapters.cache_generation import (
    ITEM,
    LIFETIMES,
    CacheInUse,
    Generation,
    Lifetimes,
    cache_name,
)
from imageservice.adapters.image_table import ImageTable, from_dynamodb
from imageservice.adapters.manifest_cache import ManifestCache, NoCache, connect
from imageservice.adapters.settings import CacheSettings
from imageservice.core.errors import CacheSwitching, StoreUnavailable
from imageservice.core.manifest import manifest_of
from imageservice.read_through import ReadCache, ReadThrough, refresh
from local.redis_server import RedisServer

_SHORT = Lifetimes(mark=0.15, hold=0.2, pause=0)
_CACHES = ["none", "a", "b"]


class Functions:
    """A reader, or a refresh function, as each new configuration of it starts."""

    def __init__(self, server: RedisServer, table: ImageTable, lifetimes: Lifetimes, *, rules: bool) -> None:
        self._server = server
        self._table = table
        self._lifetimes = lifetimes
        self._rules = rules

    def reader(self, cache: str) -> Callable[[str, Any], int]:
        """Reads an image: the revision, 0 for none. The second argument is the table that it reads."""
        made, name = self._cache(cache)
        used: ReadCache = made
        if self._rules and not isinstance(made, NoCache):
            used = CacheInUse(made, name, lambda: self._table, self._lifetimes)

        def read(image_id: str, table: Any) -> int:
            manifest = ReadThrough(used, lambda: table, wait=0.01).find(image_id).manifest
            return 0 if manifest is None else manifest["revision"]

        return read

    def refresher(self, cache: str) -> ClaimedCache | ManifestCache | NoCache:
        made, name = self._cache(cache)
        return ClaimedCache(made, name, lambda: self._table, self._lifetimes) if self._rules else made

    def _cache(self, cache: str) -> tuple[ManifestCache | NoCache, str]:
        url = "" if cache == "none" else f"{self._server.url.removesuffix('/0')}/{_CACHES.index(cache)}"
        config = CacheSettings(url, "stack:table", "", "", "", iam_serverless=False)
        return connect(url, PATIENT, prefix=config.prefix), cache_name(config)


class Site:
    """One image, the stack's functions, and those of earlier configurations that still run."""

    def __init__(self, functions: Functions, client: Any, cache: str = "a") -> None:
        self._functions = functions
        self.table = image_table(client)
        self._writes = Writes(client)
        self.image_id = f"{uuid.uuid4()}.jpg"
        self.sequencer = 0
        self.acknowledged = 0
        self.unrefreshed: list[dict[str, Any]] = []
        self.readers: list[Callable[[str, Any], int]] = []
        self.refreshers: list[Any] = []
        self.give_readers(cache)
        self.give_refreshes(cache)

    def give_readers(self, cache: str) -> None:
        self.readers = [*self.readers[-1:], self._functions.reader(cache)]

    def give_refreshes(self, cache: str) -> None:
        self.refreshers = [*self.refreshers[-1:], self._functions.refresher(cache)]

    def upload(self) -> None:
        self.sequencer += 1
        assert self._writes.register(self.image_id, self.sequencer)
        item = self._writes.record(self.image_id, self.sequencer)
        assert item
        self.unrefreshed.append(item)

    def refresh(self, refresher: Any) -> None:
        """Of the oldest upload that is not refreshed yet. Raises CacheSwitching."""
        manifest = manifest_of(from_dynamodb(self.unrefreshed[0]))
        refresh(refresher, lambda: self.table, manifest)
        self.acknowledged = max(self.acknowledged, manifest["revision"])
        del self.unrefreshed[0]

    def refresh_as_the_workflow_does(self) -> None:
        while self.unrefreshed:
            try:
                self.refresh(self.refreshers[-1])
            except CacheSwitching:
                time.sleep(0.02)

    def stale(self) -> list[str]:
        """Wrong answers, of every reader that runs."""
        due = self.acknowledged
        answers = [read(self.image_id, self.table) for read in self.readers]
        return [f"revision {each} answered after {due} was acknowledged" for each in answers if each < due]


@pytest.fixture
def server(redis_server: RedisServer) -> RedisServer:
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server


# The caches that readers ("r:") and refreshes ("w:") are given, one after the other; at first both have "a", unless a
# history begins with another. After each step the schedule runs, the image is read, replaced, and read again.
HISTORIES = {
    "the readers change first": ["r:b", "w:b"],
    "the refreshes change first": ["w:b", "r:b"],
    "the readers get a cache first": ["none", "r:b", "w:b"],
    "the readers lose the cache last": ["w:none", "r:none"],
    "an old cache comes back": ["r:none", "w:none", "r:a", "w:a"],
    "an update is rolled back": ["r:b", "w:b", "w:a", "r:a"],
}


def stale_in(history: list[str], functions: Functions, client: Any) -> list[str]:
    first, *steps = history if history[0] in _CACHES else ["a", *history]
    site = Site(functions, client, first)
    found: list[str] = []

    def replaced_and_read() -> None:
        site.upload()
        site.refresh_as_the_workflow_does()
        found.extend(site.stale())
        found.extend(site.stale())

    replaced_and_read()
    for step in steps:
        kind, _, cache = step.partition(":")
        (site.give_readers if kind == "r" else site.give_refreshes)(cache)
        # The function's old configuration is gone, once Lambda says that its update is complete.
        del (site.readers if kind == "r" else site.refreshers)[:-1]
        if isinstance(site.refreshers[-1], ClaimedCache):
            site.refreshers[-1].renew()
        found.extend(site.stale())
        replaced_and_read()
    return found


@pytest.mark.parametrize("name", HISTORIES)
def test_a_change_of_the_cache_serves_nothing_stale(
    server: RedisServer, table_client: Any, name: str
) -> None:
    functions = Functions(server, image_table(table_client), _SHORT, rules=True)
    assert stale_in(HISTORIES[name], functions, table_client) == []


@pytest.mark.parametrize("name", HISTORIES)
def test_without_the_rules_each_history_goes_wrong(server: RedisServer, table_client: Any, name: str) -> None:
    functions = Functions(server, image_table(table_client), _SHORT, rules=False)
    assert stale_in(HISTORIES[name], functions, table_client)


def test_without_the_hold_readers_of_the_last_cache_are_served_stale(
    server: RedisServer, table_client: Any
) -> None:
    functions = Functions(server, image_table(table_client), Lifetimes(60, 0, 0), rules=True)
    assert stale_in(HISTORIES["the refreshes change first"], functions, table_client)


def test_without_the_generation_in_the_keys_an_old_cache_brings_back_what_it_held(
    server: RedisServer, table_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ManifestCache, "use", lambda _cache, _generation: None)
    functions = Functions(server, image_table(table_client), _SHORT, rules=True)
    assert stale_in(HISTORIES["an old cache comes back"], functions, table_client)


def test_production_holds_for_longer_than_a_mark_lives_and_renews_it_in_time() -> None:
    assert LIFETIMES.hold >= LIFETIMES.mark + 5
    assert LIFETIMES.mark >= 60 + 10  # the schedule's minute; tests/contract/test_template.py


class Changes(RuleBasedStateMachine):
    """Updates in any order; the functions of the last configuration go on for as long as the next one lasts."""

    server: ClassVar[RedisServer]
    client: ClassVar[Any]

    @initialize(cache=st.sampled_from(_CACHES))
    def begin(self, cache: str) -> None:
        with redis.Redis.from_url(self.server.url) as client:
            client.flushall()
        table = image_table(self.client)
        self.client.delete_item(TableName="images", Key={"id": {"S": ITEM}})
        self.site = Site(Functions(self.server, table, _SHORT, rules=True), self.client, cache)
        self.paused: list[tuple[Pausable, int]] = []

    @rule(cache=st.sampled_from(_CACHES))
    def readers_are_updated(self, cache: str) -> None:
        self.site.give_readers(cache)

    @rule(cache=st.sampled_from(_CACHES))
    def refreshes_are_updated(self, cache: str) -> None:
        self.site.give_refreshes(cache)

    @precondition(lambda self: len(self.site.unrefreshed) < 3)
    @rule()
    def an_image_is_replaced(self) -> None:
        self.site.upload()

    @precondition(lambda self: self.site.unrefreshed)
    @rule(which=st.sampled_from([0, -1]))
    def a_refresh_is_tried(self, which: int) -> None:
        with suppress(CacheSwitching):
            self.site.refresh(self.site.refreshers[which])

    @rule(which=st.sampled_from([0, -1]))
    def a_minute_has_passed_for_a_refresh_function(self, which: int) -> None:
        self.site.refreshers[which].renew()

    @rule(share=st.sampled_from([0.3, 1.1]))
    def time_passes(self, share: float) -> None:
        time.sleep(_SHORT.hold * share)

    @rule()
    def all_readers_read(self) -> None:
        assert self.site.stale() == []

    @precondition(lambda self: len(self.paused) < 2)
    @rule(which=st.sampled_from([0, -1]), stop=st.sampled_from(["before", "after"]))
    def a_reader_stops_half_way(self, which: int, stop: str) -> None:
        due, read = self.site.acknowledged, self.site.readers[which]
        call = Pausable(lambda call: read(self.site.image_id, PausingTable(self.site.table, call)), stop)
        if call.paused:
            self.paused.append((call, due))
        else:
            assert call.finish() >= due

    @precondition(lambda self: self.paused)
    @rule()
    def a_stopped_reader_goes_on(self) -> None:
        call, due = self.paused.pop(0)
        assert call.finish() >= due

    def teardown(self) -> None:
        for call, _ in getattr(self, "paused", ()):
            call.finish()


def test_in_any_order_of_updates_no_read_answers_older_than_the_last_acknowledged_refresh(
    redis_server: RedisServer,
) -> None:
    with dynamodb() as client:
        machine = type("Changes", (Changes,), {"server": redis_server, "client": client})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=15,
                stateful_step_count=30,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


# The item and the mark


@pytest.fixture
def functions(server: RedisServer, table_client: Any) -> Functions:
    """With the lifetimes of production, which nothing here waits for."""
    return Functions(server, image_table(table_client), LIFETIMES, rules=True)


def generation(client: Any) -> Generation | None:
    return Generation.of_item(image_table(client).get(ITEM))


def test_the_first_refresh_of_a_stack_waits_for_nobody(functions: Functions, table_client: Any) -> None:
    site = Site(functions, table_client, "a")
    site.upload()
    site.refresh(site.refreshers[-1])
    current = generation(table_client)
    assert current is not None
    assert current.number == 1


def test_a_stack_that_gets_its_first_cache_waits_for_nobody(functions: Functions, table_client: Any) -> None:
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
