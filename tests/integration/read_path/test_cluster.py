"""A cluster of three real masters: read, refreshed, a slot moved, a master killed or replaced, while reads continue."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from read_world import PATIENT, Writes, image_table, manifest
from waiting import until

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.manifest_cache import ManifestCache, connect
from imageservice.adapters.redis_client import client_of
from imageservice.core.errors import CacheUnavailable
from imageservice.core.manifest import Manifest, manifest_of
from imageservice.read_through import ReadResult, ReadThrough, refresh
from local.redis_cluster import MASTERS, Cluster, slot_of


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    started = Cluster(tmp_path)
    yield started
    started.close()


class Reads:
    """A reader that reads continuously: `count` answers so far, from `sources`; `wrong` are those it must not get."""

    def __init__(self, url: str, table_client: Any, image_id: str) -> None:
        self._lookup = ReadThrough(connect(url, PATIENT), lambda: image_table(table_client))
        self._image_id = image_id
        self._stop = threading.Event()
        self.due = 1
        self.count = 0
        self.sources: set[str] = set()
        self.wrong: list[Any] = []
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "Reads":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def go_on(self, reads: int = 20) -> None:
        """Returns after this many more reads have been answered."""
        before = self.count
        until(lambda: self.count >= before + reads, f"{reads} more reads")

    def _read(self) -> None:
        while not self._stop.is_set():
            due = self.due
            found: Any = None
            try:
                found = self._lookup.find(self._image_id)
                self.sources.add(found.source)
                right = found.manifest is not None and found.manifest["revision"] >= due
            except Exception as error:  # noqa: BLE001 - any error at all is a wrong answer here
                found, right = error, False
            self.count += 1
            if not right:
                self.wrong.append(found)


def recorded(table_client: Any, image_id: str, sequencer: int) -> Any:
    writes = Writes(table_client)
    assert writes.register(image_id, sequencer)
    item = writes.record(image_id, sequencer)
    assert item
    return manifest_of(from_dynamodb(item))


def test_the_protocol_is_the_same_on_every_master(cluster: Cluster, table_client: Any) -> None:
    cache = connect(cluster.url, PATIENT)
    for node in range(MASTERS):
        image_id = cluster.image_on(node)
        lease = cache.lease(image_id)
        assert lease is not None
        assert cache.fill(lease, manifest(image_id, 1))
        assert cache.refresh(manifest(image_id, 2)) == "STORED"
        assert cache.refresh(manifest(image_id, 1)) == "KEPT"
        assert cluster.nodes[node].exists(f"manifest:{image_id}")


def test_an_address_without_the_word_cluster_is_a_single_node(cluster: Cluster) -> None:
    cache = connect(cluster.url.partition("?")[0], PATIENT)
    with pytest.raises(CacheUnavailable, match="MovedError"):
        cache.read(cluster.image_on(2))


def test_a_slot_moves_while_reads_and_refreshes_go_on(cluster: Cluster, table_client: Any) -> None:
    image_id = cluster.image_on(0)
    cache = connect(cluster.url, PATIENT)
    assert isinstance(cache, ManifestCache)
    refresh(cache, lambda: image_table(table_client), recorded(table_client, image_id, 1))
    with Reads(cluster.url, table_client, image_id) as reads:
        reads.go_on()
        mover = threading.Thread(target=cluster.move, args=(slot_of(image_id), 2))
        mover.start()
        for sequencer in range(2, 12):
            newest = recorded(table_client, image_id, sequencer)
            refresh(cache, lambda: image_table(table_client), newest)
            reads.due = newest["revision"]
            reads.go_on(3)
        mover.join()
        reads.go_on()
    assert reads.wrong == []
    assert cluster.nodes[2].exists(f"manifest:{image_id}")


def test_a_master_is_killed_while_reads_go_on(cluster: Cluster, table_client: Any) -> None:
    lost, kept = cluster.image_on(1), cluster.image_on(2)
    cache = connect(cluster.url, PATIENT)
    for image_id in (lost, kept):
        refresh(cache, lambda: image_table(table_client), recorded(table_client, image_id, 1))
    with Reads(cluster.url, table_client, lost) as of_lost, Reads(cluster.url, table_client, kept) as of_kept:
        of_lost.go_on()
        of_kept.go_on()
        cluster.kill(1)
        until(lambda: "CacheBypass" in of_lost.sources, "a read without the master")
        of_lost.go_on()
        of_kept.go_on()
    assert of_lost.wrong == of_kept.wrong == []
    assert of_kept.sources == {"CacheHit"}


def test_a_replica_takes_over_from_its_master_while_reads_and_refreshes_go_on(
    tmp_path: Path, table_client: Any
) -> None:
    with Cluster(tmp_path, replicas=1, node_timeout_ms=1000) as cluster:
        image_id = cluster.image_on(1)
        cache = connect(cluster.url, PATIENT)
        refresh(cache, lambda: image_table(table_client), recorded(table_client, image_id, 1))
        with Reads(cluster.url, table_client, image_id) as reads:
            reads.go_on()
            cluster.kill(1)
            until(lambda: "CacheBypass" in reads.sources, "a read without the master")
            until(lambda: cluster.nodes[1 + MASTERS].role()[0] == b"master", "the replica's promotion")
            reads.sources.clear()
            until(lambda: "CacheHit" in reads.sources, "a hit on the replica")
            newest = recorded(table_client, image_id, 2)
            refresh(cache, lambda: image_table(table_client), newest)
            reads.due = newest["revision"]
            reads.go_on()
        assert reads.wrong == []


class Unconfirmed(ManifestCache):
    """A cache whose refreshes do not wait for replicas."""

    def confirm(self, manifest: Manifest) -> None:
        pass


@pytest.mark.parametrize("kind", [ManifestCache, Unconfirmed])
def test_a_failover_undoes_no_refresh_that_was_acknowledged(
    tmp_path: Path, table_client: Any, kind: type[ManifestCache]
) -> None:
    """The master dies before its replica has the newest refresh, and before the cluster has found the replica dead."""
    with Cluster(tmp_path, replicas=1, node_timeout_ms=1000) as cluster:
        image_id, replica = cluster.image_on(1), 1 + MASTERS
        until(lambda: cluster.announces(1, replica), "the announcement of the replica")
        cluster.notice_deaths_after(60_000)
        cache = kind(client_of(cluster.url, PATIENT), PATIENT, replicated=True)
        refresh(cache, lambda: image_table(table_client), recorded(table_client, image_id, 1))
        cluster.freeze(replica)
        cluster.nodes[1].client_kill_filter(_type="replica")  # else it would find the refresh in its socket
        acknowledged = 1
        with contextlib.suppress(CacheUnavailable):
            refresh(cache, lambda: image_table(table_client), recorded(table_client, image_id, 2))
            acknowledged = 2
        cluster.kill(1)
        cluster.thaw(replica)
        cluster.notice_deaths_after(1000)
        until(lambda: cluster.nodes[replica].role()[0] == b"master", "the replica's promotion")
        held = cluster.nodes[replica].get(f"manifest:{image_id}")
        assert held.startswith(b"1 ")
        assert acknowledged == (1 if kind is ManifestCache else 2)


def test_a_refresh_waits_for_a_replica_that_is_not_announced_yet(tmp_path: Path, table_client: Any) -> None:
    """A replica is announced once the master has heard how far it is, which takes half of the node timeout."""
    with Cluster(tmp_path, replicas=1, node_timeout_ms=60_000) as cluster:
        image_id = cluster.image_on(1)
        cache = connect(cluster.url, PATIENT)
        cluster.freeze(1 + MASTERS)
        with pytest.raises(CacheUnavailable):
            refresh(cache, lambda: image_table(table_client), recorded(table_client, image_id, 1))


def test_a_refresh_waits_for_no_replica_that_is_dead(tmp_path: Path, table_client: Any) -> None:
    with Cluster(tmp_path, replicas=1, node_timeout_ms=1000) as cluster:
        image_id = cluster.image_on(2)
        cache = connect(cluster.url, PATIENT)
        cluster.kill(2 + MASTERS)
        newest = recorded(table_client, image_id, 1)
        acknowledged = []

        def is_refreshed() -> bool:
            with contextlib.suppress(CacheUnavailable):
                refresh(cache, lambda: image_table(table_client), newest)
                acknowledged.append(newest)
            return bool(acknowledged)

        until(is_refreshed, "a refresh")


def test_a_refresh_that_can_not_reach_its_master_says_so(cluster: Cluster, table_client: Any) -> None:
    """So that the state machine tries again: the image does not become READY meanwhile."""
    image_id = cluster.image_on(1)
    cluster.kill(1)
    with pytest.raises(CacheUnavailable):
        refresh(
            connect(cluster.url, PATIENT),
            lambda: image_table(table_client),
            recorded(table_client, image_id, 1),
        )


def test_a_cluster_that_is_gone_from_the_start_is_no_obstacle(cluster: Cluster, table_client: Any) -> None:
    image_id = cluster.image_on(0)
    recorded(table_client, image_id, 1)
    for node in range(MASTERS):
        cluster.kill(node)
    found = ReadThrough(connect(cluster.url, PATIENT), lambda: image_table(table_client)).find(image_id)
    assert isinstance(found, ReadResult)
    assert found.source == "CacheBypass"
