"""Never stale: whatever happens in whatever order, once a refresh is acknowledged no read answers an older revision.

Hypothesis interleaves uploads, deletions, replays weeks late, evictions, restarts of Redis, and readers and refreshes
that stop between any two steps, against a real Redis and DynamoDB's own conditional writes. The same machine then runs
with two simpler protocols, and must find what is wrong with each.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
import redis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from image_tables import dynamodb
from read_world import PATIENT, Pausable, PausingTable, Writes, image_table

from imageservice.adapters import manifest_cache as cache_module
from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.manifest_cache import Lease, ManifestCache
from imageservice.adapters.redis_client import client_of
from imageservice.core.errors import CacheUnavailable
from imageservice.core.manifest import Manifest, manifest_of
from imageservice.read_through import ReadResult, ReadThrough, refresh
from local.redis_server import RedisServer

_WAIT_S = 0.01  # stopped readers hold their leases for good here
_STOPS = st.sampled_from(["before", "after"])
_ONE_OF_MANY = st.integers(min_value=0, max_value=2**31)


class DeleteAndSet(ManifestCache):
    """What most caches do: a refresh deletes the key and sets it, and a reader that missed sets it."""

    def lease(self, image_id: str) -> Lease | None:
        return Lease(image_id, b"")

    def fill(self, lease: Lease, manifest: Manifest | None) -> bool:
        value = cache_module._encoded(lease.image_id, cache_module._order(manifest), manifest)
        self._ask("set", self._key(lease.image_id), value, px=60_000)
        return True

    def refresh(self, manifest: Manifest) -> Literal["STORED"]:
        self._ask("delete", self._key(manifest["id"]))
        self.fill(Lease(manifest["id"], b""), manifest)
        return "STORED"


class NewerWins(DeleteAndSet):
    """A write goes in unless the key holds that revision or a newer one: right until Redis forgets what it held."""

    _SCRIPT: ClassVar = """
    local held = redis.call('GET', KEYS[1])
    if held and tonumber(string.match(held, '^%d+')) >= tonumber(ARGV[1]) then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', 60000)
    return 1
    """

    def fill(self, lease: Lease, manifest: Manifest | None) -> bool:
        revision = cache_module._order(manifest)
        value = cache_module._encoded(lease.image_id, revision, manifest)
        self._ask("eval", self._SCRIPT, 1, self._key(lease.image_id), revision, value)
        return True

    def refresh(self, manifest: Manifest) -> Literal["STORED"]:
        self.fill(Lease(manifest["id"], b""), manifest)
        return "STORED"


class Life(RuleBasedStateMachine):
    """One image and its readers, over time. `acknowledged` is the newest revision that every read must answer."""

    protocol: ClassVar[type[ManifestCache]] = ManifestCache
    server: ClassVar[RedisServer]
    dynamodb: ClassVar[Any]
    restarts: ClassVar[bool] = True

    @initialize()
    def begin(self) -> None:
        self.image_id = f"photos/{uuid.uuid4()}.jpg"
        self.redis = redis.Redis.from_url(self.server.url, socket_timeout=60)
        self.table = image_table(self.dynamodb)
        self.writes = Writes(self.dynamodb)
        self.sequencer = 0
        self.registered: list[int] = []
        self.recorded: list[dict[str, Any]] = []
        self.reads: list[tuple[Pausable, int]] = []
        self.refreshes: list[tuple[Pausable, int]] = []
        self.acknowledged = 0

    # writers

    @rule(late=st.integers(min_value=0, max_value=2))
    def an_upload_begins(self, late: int) -> None:
        """Its event may come after those of newer uploads."""
        self.sequencer += 1
        sequencer = max(1, self.sequencer * 3 - late * 4)
        if self.writes.register(self.image_id, sequencer):
            self.registered.append(sequencer)

    @precondition(lambda self: self.registered)
    @rule(which=_ONE_OF_MANY)
    def an_upload_is_recorded(self, which: int) -> None:
        item = self.writes.record(self.image_id, self.registered[which % len(self.registered)])
        if item is not None:
            self.recorded.append(item)

    @rule()
    def the_image_is_deleted(self) -> None:
        self.sequencer += 1
        item = self.writes.mark_deleted(self.image_id, self.sequencer * 3)
        if item is not None:
            self.recorded.append(item)

    @precondition(lambda self: self.recorded)
    @rule(which=_ONE_OF_MANY)
    def a_refresh_is_acknowledged(self, which: int) -> None:
        """Refreshes what was recorded last, or long ago: a replay."""
        item = self.recorded[-1 - which % len(self.recorded)]
        try:
            refresh(self._cache(), lambda: self.table, manifest_of(from_dynamodb(item)))
        except CacheUnavailable:
            return
        self._acknowledge(item)

    @precondition(lambda self: self.recorded and len(self.refreshes) < 2)
    @rule(which=_ONE_OF_MANY, stop=_STOPS)
    def a_refresh_stops_half_way(self, which: int, stop: str) -> None:
        item = self.recorded[-1 - which % len(self.recorded)]
        manifest = manifest_of(from_dynamodb(item))
        call = Pausable(
            lambda call: refresh(self._cache(), lambda: PausingTable(self.table, call), manifest), stop
        )
        if call.paused:
            self.refreshes.append((call, manifest["revision"]))
        else:
            call.finish()
            self._acknowledge(item)

    @precondition(lambda self: self.refreshes)
    @rule(which=_ONE_OF_MANY)
    def a_stopped_refresh_goes_on(self, which: int) -> None:
        call, revision = self.refreshes.pop(which % len(self.refreshes))
        call.finish()
        self.acknowledged = max(self.acknowledged, revision)

    # readers

    @rule()
    def a_reader_comes(self) -> None:
        due = self.acknowledged
        found = ReadThrough(self._cache(), lambda: self.table, _WAIT_S).find(self.image_id)
        self._check(found, due)

    @precondition(lambda self: len(self.reads) < 3)
    @rule(stop=_STOPS)
    def a_reader_stops_half_way(self, stop: str) -> None:
        due = self.acknowledged
        call = Pausable(
            lambda call: ReadThrough(self._cache(), lambda: PausingTable(self.table, call), _WAIT_S).find(
                self.image_id
            ),
            stop,
        )
        if call.paused:
            self.reads.append((call, due))
        else:
            self._check(call.finish(), due)

    @precondition(lambda self: self.reads)
    @rule(which=_ONE_OF_MANY)
    def a_stopped_reader_goes_on(self, which: int) -> None:
        call, due = self.reads.pop(which % len(self.reads))
        self._check(call.finish(), due)

    # Redis

    @rule()
    def the_key_is_evicted(self) -> None:
        self.redis.delete(b"manifest:" + self.image_id.encode())

    @precondition(lambda self: self.restarts)
    @rule(really=st.integers(min_value=0, max_value=5))
    def redis_restarts(self, really: int) -> None:
        """Rarely, because a restart is slow; Redis loses everything."""
        if really == 0:
            self.server.restart()
            self.redis = redis.Redis.from_url(self.server.url, socket_timeout=60)

    @invariant()
    def the_cache_holds_nothing_older_than_was_acknowledged(self) -> None:
        held = self.redis.get(b"manifest:" + self.image_id.encode()) if hasattr(self, "redis") else None
        if held and not held.startswith(b"-") and not held.startswith(b"0 "):
            assert int(held.split(b" ", 1)[0]) >= self.acknowledged, "stale in the cache"

    def teardown(self) -> None:
        for call, _ in (*getattr(self, "reads", ()), *getattr(self, "refreshes", ())):
            call.finish()

    def _cache(self) -> ManifestCache:
        return self.protocol(
            client_of(self.server.url, PATIENT)
        )  # a busy machine must not count as an outage

    def _acknowledge(self, item: dict[str, Any]) -> None:
        self.acknowledged = max(self.acknowledged, int(item["revision"]["N"]))

    def _check(self, found: ReadResult, due: int) -> None:
        answered = 0 if found.manifest is None else found.manifest["revision"]
        assert answered >= due, f"stale: revision {answered} answered after {due} was acknowledged"


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Life]]:
    """Nothing expires by itself, which would depend on the machine: an eviction is the same to readers."""
    for lifetime in ("_LEASE_MS", "_UNKNOWN_MS", "_UNDER_WAY_MS"):
        monkeypatch.setattr(cache_module, lifetime, cache_module._LASTING_MS)
    with RedisServer(tmp_path / "redis.log") as server, dynamodb() as client:
        yield type("Life", (Life,), {"server": server, "dynamodb": client})


def _run(life: type[Life], examples: int, **more: Any) -> None:
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            **more,
        ),
    )


def test_no_read_answers_older_than_the_last_acknowledged_refresh(life: type[Life]) -> None:
    _run(life, examples=80)


@pytest.mark.parametrize("protocol", [DeleteAndSet, NewerWins])
def test_the_machine_finds_the_staleness_of_a_simpler_protocol(
    life: type[Life], protocol: type[ManifestCache]
) -> None:
    life.protocol = protocol
    _assert_found(life)


def test_the_machine_finds_a_primitive_that_does_not_compare_revisions(
    life: type[Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The primitive's other conditions have a test each in test_cache.py."""
    comparison = "if current_revision >= revision then return 'KEPT' end"
    assert comparison in cache_module.PUT_IF_NEWER
    monkeypatch.setattr(cache_module, "PUT_IF_NEWER", cache_module.PUT_IF_NEWER.replace(comparison, ""))
    _assert_found(life)


def _assert_found(life: type[Life]) -> None:
    life.restarts = False
    with pytest.raises(AssertionError, match="stale"):
        _run(life, examples=2000, derandomize=True, phases=[Phase.generate], verbosity=Verbosity.quiet)
