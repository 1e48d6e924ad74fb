"""A stack changes its cache while readers read: nothing stale, in whatever order its functions are updated.

First the histories that go wrong without the rules of imageservice.adapters.cache_generation, each with and without
them; then Hypothesis interleaves updates in any order, functions that are updated late, uploads and readers. Redis and
DynamoDB are real; marks and holds are shorter than in production.
"""

import time
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
from read_world import Pausable, PausingTable, image_table
from switching_world import CACHES, SHORT, Functions, Site

from imageservice.adapters.cache_claim import ClaimedCache
from imageservice.adapters.cache_generation import (
    ITEM,
    LIFETIMES,
    Lifetimes,
)
from imageservice.adapters.manifest_cache import ManifestCache
from imageservice.core.errors import CacheSwitching
from local.redis_server import RedisServer

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
    first, *steps = history if history[0] in CACHES else ["a", *history]
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
    functions = Functions(server, image_table(table_client), SHORT, rules=True)
    assert stale_in(HISTORIES[name], functions, table_client) == []


@pytest.mark.parametrize("name", HISTORIES)
def test_without_the_rules_each_history_goes_wrong(server: RedisServer, table_client: Any, name: str) -> None:
    functions = Functions(server, image_table(table_client), SHORT, rules=False)
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
    functions = Functions(server, image_table(table_client), SHORT, rules=True)
    assert stale_in(HISTORIES["an old cache comes back"], functions, table_client)


def test_production_holds_for_longer_than_a_mark_lives_and_renews_it_in_time() -> None:
    assert LIFETIMES.hold >= LIFETIMES.mark + 5
    assert LIFETIMES.mark >= 60 + 10  # the schedule's minute; tests/contract/test_template.py


class Changes(RuleBasedStateMachine):
    """Updates in any order; the functions of the last configuration go on for as long as the next one lasts."""

    server: ClassVar[RedisServer]
    client: ClassVar[Any]

    @initialize(cache=st.sampled_from(CACHES))
    def begin(self, cache: str) -> None:
        with redis.Redis.from_url(self.server.url) as client:
            client.flushall()
        table = image_table(self.client)
        self.client.delete_item(TableName="images", Key={"id": {"S": ITEM}})
        self.site = Site(Functions(self.server, table, SHORT, rules=True), self.client, cache)
        self.paused: list[tuple[Pausable, int]] = []

    @rule(cache=st.sampled_from(CACHES))
    def readers_are_updated(self, cache: str) -> None:
        self.site.give_readers(cache)

    @rule(cache=st.sampled_from(CACHES))
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
        time.sleep(SHORT.hold * share)

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
