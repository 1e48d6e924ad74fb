"""Images, readers and refreshes on a real cluster that loses its masters, keys and connections, in a seeded order."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from cluster_faults import NODE_TIMEOUT_MS, Faults
from image_tables import dynamodb
from read_world import Pausable, PausingTable, Writes, image_table

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.manifest_cache import ManifestCache
from imageservice.adapters.redis_client import Timeouts, client_of
from imageservice.core.errors import CacheUnavailable
from imageservice.core.manifest import manifest_of
from imageservice.read_through import ReadThrough, refresh
from local.redis_cluster import Cluster, slot_of

# A busy machine is slower than a VPC; a node that is frozen or paused must not stop the others for long.
_TIMEOUTS = Timeouts(answer=0.5, connect=0.5, cooldown=0)
_STEP_S = 0.003  # so that a failover, which takes seconds, is not most of the steps
_IMAGES, _READERS, _PAUSED, _OLD = 30, 4, 6, 20
_REPAIR_EVERY = 30


class World:
    """`counts` says what was done. `stale` has the wrong answers: the step, and what happened last to the cluster.

    Those that docs/read-path.md names are in `counts` alone: of refreshes that were acknowledged while the cluster took
    the only replica for dead, which then came back and took over.
    """

    def __init__(self, cluster: Cluster, client: Any, seed: int, kind: type[ManifestCache]) -> None:
        self._random = random.Random(seed)
        self._cluster = cluster
        self._kind = kind
        self._table = image_table(client)
        self._writes = Writes(client)
        self._ids = [f"failover/{seed}/{number}.jpg" for number in range(_IMAGES)]
        self._sequencer = 0
        self._acknowledged: Counter[str] = Counter()
        self._without_replica: set[tuple[str, int]] = set()
        self._recorded: list[dict[str, Any]] = []
        self._waiting: list[dict[str, Any]] = []
        self._readers = [self._reader() for _ in range(_READERS)]
        self._refresher = self._cache()
        self._paused: list[tuple[Pausable, str, int]] = []
        self._step = 0
        self._last = ""
        self.counts: Counter[str] = Counter()
        self.stale: list[str] = []
        self._faults = Faults(cluster, self._random, self._replace)

    def run(self, steps: int, fault_every: int) -> None:
        """Takes so many steps; about every `fault_every`-th is a fault of the cluster."""
        for self._step in range(steps):
            step = self._fault if self._random.randrange(fault_every) == 0 else self._choose()
            step()
            time.sleep(_STEP_S)
            if self._step % _REPAIR_EVERY == 0:
                self._faults.repair()
        while self._paused:
            self._a_paused_reader_goes_on()
        self._faults.repair_all()

    # Clients

    def _choose(self) -> Callable[[], None]:
        kinds = {
            self._read: 70,
            self._replace: 12,
            self._refresh_one: 12,
            self._redrive: 2,
            self._pause_a_reader: 2,
            self._a_paused_reader_goes_on: 1,
            self._start_a_reader: 1,
        }
        return self._random.choices(list(kinds), list(kinds.values()))[0]

    def _cache(self) -> ManifestCache:
        return self._kind(client_of(self._cluster.url, _TIMEOUTS), _TIMEOUTS, replicated=True)

    def _reader(self) -> ManifestCache:
        return self._cache()

    def _start_a_reader(self) -> None:
        self._readers[self._random.randrange(_READERS)] = self._reader()

    def _read(self) -> None:
        image_id, cache = self._random.choice(self._ids), self._random.choice(self._readers)
        due = self._acknowledged[image_id]
        found = ReadThrough(cache, lambda: self._table, wait=0.02).find(image_id)
        self.counts[found.source] += 1
        self._check(image_id, due, found)

    def _check(self, image_id: str, due: int, found: Any) -> None:
        answered = 0 if found.manifest is None else found.manifest["revision"]
        if answered >= due:
            return
        if all((image_id, each) in self._without_replica for each in range(answered + 1, due + 1)):
            self.counts["stale, as named"] += 1
        else:
            self.stale.append(
                f"step {self._step}, after {self._last}: {image_id} at {answered}, not {due}, by {found.source}"
            )

    def _pause_a_reader(self) -> None:
        """It stops at the table, and goes on after its lease has ended, if not before."""
        if len(self._paused) == _PAUSED:
            return
        image_id, due = (each := self._random.choice(self._ids)), self._acknowledged[each]
        cache = self._reader()
        stop = self._random.choice(["before", "after"])
        call = Pausable(
            lambda call: ReadThrough(cache, lambda: PausingTable(self._table, call), wait=0.02).find(
                image_id
            ),
            stop,
        )
        self._paused.append((call, image_id, due))
        self.counts["readers paused"] += 1

    def _a_paused_reader_goes_on(self) -> None:
        if self._paused:
            call, image_id, due = self._paused.pop(0)
            self._check(image_id, due, call.finish())

    def _replace(self) -> None:
        self._sequencer += 1
        image_id = self._random.choice(self._ids)
        if self._writes.register(image_id, self._sequencer):
            item = self._writes.record(image_id, self._sequencer)
            if item:
                self._waiting.append(item)
                self._recorded = [*self._recorded[-_OLD:], item]
                self._refresh_one()

    def _refresh_one(self) -> None:
        if self._waiting:
            item = self._waiting.pop(self._random.randrange(len(self._waiting)))
            if not self._refresh(item):
                self._waiting.append(item)

    def _redrive(self) -> None:
        if self._recorded:
            self._refresh(self._random.choice(self._recorded))

    def _refresh(self, item: dict[str, Any]) -> bool:
        manifest = manifest_of(from_dynamodb(item))
        image_id = manifest["id"]
        alone = self._has_no_replica(image_id)
        try:
            refresh(self._refresher, lambda: self._table, manifest)
        except CacheUnavailable:
            self.counts["refreshes refused"] += 1
            return False
        self.counts["refreshes acknowledged"] += 1
        if alone or self._has_no_replica(image_id):
            self._without_replica.add((image_id, manifest["revision"]))
        self._acknowledged[image_id] = max(self._acknowledged[image_id], manifest["revision"])
        return True

    def _fault(self) -> None:
        if struck := self._faults.strike():
            self._last = struck
            self.counts[struck] += 1

    def _has_no_replica(self, image_id: str) -> bool:
        """Whether the image's master, or no node at all, takes no replica for alive."""
        slot = slot_of(image_id)
        with suppress(redis.RedisError):
            rows = self._cluster.nodes[self._cluster.owner(slot)].execute_command("CLUSTER SLOTS")
            return not any(first <= slot <= last and len(nodes) > 1 for first, last, *nodes in rows)
        return True


@contextmanager
def failing_cluster(home: Path, seed: int, kind: type[ManifestCache] = ManifestCache) -> Iterator[World]:
    """A world on a cluster of its own."""
    with Cluster(home, replicas=1, node_timeout_ms=NODE_TIMEOUT_MS) as cluster, dynamodb() as client:
        yield World(cluster, client, seed, kind)
