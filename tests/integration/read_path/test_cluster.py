"""A cluster of three real masters: read, refreshed, a slot moved, a master killed, while reads go on."""

import contextlib
import random
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from read_world import Writes, image_table, manifest, untyped
from redis.crc import key_slot

from imageservice.cache import ManifestCache, connect
from imageservice.errors import CacheUnavailable
from imageservice.lookup import Found, Lookup, refresh
from imageservice.manifest import manifest_of
from local import ports, redis_server

MASTERS = 3
SLOTS = 16384
# A read that finds its node gone: the command's timeouts, the cluster asked anew, and the table. Then Redis rests.
BUDGET_S = 1.0


def free_ports() -> list[int]:
    """Ports whose cluster buses, 10,000 above, are free too, and below those that outgoing connections take."""
    found: list[int] = []
    while len(found) < MASTERS:
        with contextlib.suppress(ports.PortTaken):
            port = ports.free(random.randrange(11_000, 21_000), "")
            ports.free(port + 10_000, "")
            found.append(port)
    return found


class Cluster:
    """Three masters on loopback, each with a third of the slots."""

    def __init__(self, directory: Path) -> None:
        self.ports = free_ports()
        self._servers = [self._start(port, directory) for port in self.ports]
        self.nodes = [redis.Redis(port=port, socket_timeout=5) for port in self.ports]
        self.url = f"redis://127.0.0.1:{self.ports[0]}/0?cluster=true"
        self._join()

    def _start(self, port: int, directory: Path) -> subprocess.Popen[bytes]:
        home = directory / str(port)
        home.mkdir()
        options = (
            "--cluster-enabled yes --cluster-node-timeout 5000 --cluster-require-full-coverage no --save"
        )
        command = [redis_server.binary(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
        return subprocess.Popen([*command, *options.split(), ""], stdout=subprocess.DEVNULL)

    def _join(self) -> None:
        for number, node in enumerate(self.nodes):
            self._until(node.ping)
            node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            first, last = number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS - 1
            node.execute_command(
                "CLUSTER ADDSLOTSRANGE" if self._has_ranges(node) else "CLUSTER ADDSLOTS",
                *((first, last) if self._has_ranges(node) else range(first, last + 1)),
            )
        self._until(self._met)

    def _met(self) -> bool:
        """Introduces the nodes, again until they know each other: an introduction can get lost."""
        infos = [node.cluster("INFO") for node in self.nodes]
        if any(int(info["cluster_known_nodes"]) < MASTERS for info in infos):
            for port in self.ports[1:]:
                self.nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", port)
            time.sleep(0.5)
        return all(info["cluster_state"] == "ok" and int(info["cluster_size"]) == MASTERS for info in infos)

    @staticmethod
    def _has_ranges(node: redis.Redis) -> bool:
        return int(str(node.info("server")["redis_version"]).split(".")[0]) >= 7

    @staticmethod
    def _until(check: Any, seconds: float = 30) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            with contextlib.suppress(redis.RedisError):
                if check():
                    return
            time.sleep(0.05)
        pytest.fail("the cluster does not come together")

    def node_of(self, image_id: str) -> int:
        return key_slot(f"manifest:{image_id}".encode()) * MASTERS // SLOTS

    def image_on(self, node: int) -> str:
        return next(each for each in iter(lambda: f"{uuid.uuid4()}.jpg", None) if self.node_of(each) == node)

    def kill(self, node: int) -> None:
        self._servers[node].kill()
        self._servers[node].wait()

    def move(self, image_id: str, target: int) -> None:
        """Moves the image's slot, as a resharding does: key by key, while clients go on."""
        slot = key_slot(f"manifest:{image_id}".encode())
        source = self.node_of(image_id)
        ids = [node.cluster("MYID").decode() for node in self.nodes]
        self.nodes[target].execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source])
        self.nodes[source].execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[target])
        time.sleep(0.1)
        keys = self.nodes[source].execute_command("CLUSTER GETKEYSINSLOT", slot, 100)
        if keys:
            self.nodes[source].execute_command(
                "MIGRATE", "127.0.0.1", self.ports[target], "", 0, 5000, "KEYS", *keys
            )
        time.sleep(0.1)
        for node in (target, source):
            self.nodes[node].execute_command("CLUSTER SETSLOT", slot, "NODE", ids[target])

    def close(self) -> None:
        for server in self._servers:
            server.kill()
            server.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    started = Cluster(tmp_path)
    yield started
    started.close()


class Reads:
    """A reader that goes on reading; `slowest` in seconds, `wrong` what it should not have been answered."""

    def __init__(self, url: str, table_client: Any, image_id: str) -> None:
        self._lookup = Lookup(connect(url), lambda: image_table(table_client))
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
    return manifest_of(untyped(item))


def test_the_protocol_is_the_same_on_every_master(cluster: Cluster, table_client: Any) -> None:
    cache = connect(cluster.url)
    for node in range(MASTERS):
        image_id = cluster.image_on(node)
        claim = cache.claim(image_id)
        assert claim is not None
        assert cache.fill(claim, manifest(image_id, 1))
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
    found = Lookup(connect(cluster.url), lambda: image_table(table_client)).find(image_id)
    assert isinstance(found, Found)
    assert found.source == "CacheBypass"
    assert time.perf_counter() - begin < BUDGET_S
