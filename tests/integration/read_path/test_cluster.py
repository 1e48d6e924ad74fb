"""A cluster of three real masters: read, refreshed, a slot moved, a master killed, while reads go on."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from read_world import Writes, image_table, manifest

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.manifest_cache import ManifestCache, connect
from imageservice.core.errors import CacheUnavailable
from imageservice.core.manifest import manifest_of
from imageservice.read_through import ReadResult, ReadThrough, refresh
from local.redis_cluster import MASTERS, Cluster

# A read that finds its node gone: the command's timeouts, the cluster asked anew, and the table. Then Redis rests.
BUDGET_S = 1.0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    started = Cluster(tmp_path)
    yield started
    started.close()


class Reads:
    """A reader that goes on reading; `slowest` in seconds, `wrong` what it should not have been answered."""

    def __init__(self, url: str, table_client: Any, image_id: str) -> None:
        self._lookup = ReadThrough(connect(url), lambda: image_table(table_client))
        self._image_id = image_id
        self._stop = threading.Event()
        self.due = 1
        self.count = 0
        self.slowest = 0.0
        self.sources: set[str] = set()
        self.wrong: list[Any] = []
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "Reads":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _read(self) -> None:
        while not self._stop.is_set():
            due, begin = self.due, time.perf_counter()
            found: Any = None
            try:
                found = self._lookup.find(self._image_id)
                self.sources.add(found.source)
                right = found.manifest is not None and found.manifest["revision"] >= due
            except Exception as error:  # noqa: BLE001 - any error at all is a wrong answer here
                found, right = error, False
            self.slowest = max(self.slowest, time.perf_counter() - begin)
            self.count += 1
            if not right:
                self.wrong.append(found)
            time.sleep(0.002)


def recorded(table_client: Any, image_id: str, sequencer: int) -> Any:
    writes = Writes(table_client)
    assert writes.register(image_id, sequencer)
    item = writes.record(image_id, sequencer)
    assert item
    return manifest_of(from_dynamodb(item))


def test_the_protocol_is_the_same_on_every_master(cluster: Cluster, table_client: Any) -> None:
    cache = connect(cluster.url)
    for node in range(MASTERS):
        image_id = cluster.image_on(node)
        lease = cache.lease(image_id)
        assert lease is not None
        assert cache.fill(lease, manifest(image_id, 1))
        assert cache.refresh(manifest(image_id, 2)) == "STORED"
        assert cache.refresh(manifest(image_id, 1)) == "KEPT"
        assert cluster.nodes[node].exists(f"manifest:{image_id}")


def test_an_address_without_the_word_cluster_is_a_single_node(cluster: Cluster) -> None:
    cache = connect(cluster.url.partition("?")[0])
    with pytest.raises(CacheUnavailable, match="MovedError"):
        cache.read(cluster.image_on(2))


@pytest.mark.timeout(60)
def test_a_slot_moves_while_reads_and_refreshes_go_on(cluster: Cluster, table_client: Any) -> None:
    image_id = cluster.image_on(0)
    cache = connect(cluster.url)
    assert isinstance(cache, ManifestCache)
    refresh(cache, lambda: image_table(table_client), recorded(table_client, image_id, 1))
    with Reads(cluster.url, table_client, image_id) as reads:
        time.sleep(0.2)
        mover = threading.Thread(target=cluster.move, args=(image_id, 2))
        mover.start()
        for sequencer in range(2, 12):
            newest = recorded(table_client, image_id, sequencer)
            refresh(cache, lambda: image_table(table_client), newest)
            reads.due = newest["revision"]
            time.sleep(0.03)
        mover.join()
        time.sleep(0.3)
    assert reads.wrong == []
    assert reads.count > 50
    assert reads.slowest < BUDGET_S
    assert cluster.nodes[2].exists(f"manifest:{image_id}")


@pytest.mark.timeout(60)
def test_a_master_is_killed_while_reads_go_on(cluster: Cluster, table_client: Any) -> None:
    lost, kept = cluster.image_on(1), cluster.image_on(2)
    cache = connect(cluster.url)
    for image_id in (lost, kept):
        refresh(cache, lambda: image_table(table_client), recorded(table_client, image_id, 1))
    with Reads(cluster.url, table_client, lost) as of_lost, Reads(cluster.url, table_client, kept) as of_kept:
        time.sleep(0.3)
        cluster.kill(1)
        time.sleep(4)
    assert of_lost.wrong == of_kept.wrong == []
    assert max(of_lost.slowest, of_kept.slowest) < BUDGET_S
    assert "CacheBypass" in of_lost.sources
    assert of_kept.sources == {"CacheHit"}


def test_a_refresh_that_can_not_reach_its_master_says_so(cluster: Cluster, table_client: Any) -> None:
    """So that the state machine tries again: the image does not become READY meanwhile."""
    image_id = cluster.image_on(1)
    cluster.kill(1)
    with pytest.raises(CacheUnavailable):
        refresh(connect(cluster.url), lambda: image_table(table_client), recorded(table_client, image_id, 1))


def test_a_cluster_that_is_gone_from_the_start_is_no_obstacle(cluster: Cluster, table_client: Any) -> None:
    image_id = cluster.image_on(0)
    recorded(table_client, image_id, 1)
    for node in range(MASTERS):
        cluster.kill(node)
    begin = time.perf_counter()
    found = ReadThrough(connect(cluster.url), lambda: image_table(table_client)).find(image_id)
    assert isinstance(found, ReadResult)
    assert found.source == "CacheBypass"
    assert time.perf_counter() - begin < BUDGET_S
