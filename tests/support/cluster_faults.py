"""What goes wrong with a cluster: masters die or freeze, keys vanish, clients are paused, slots move."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import redis
from redis.crc import key_slot
from waiting import until

from local.redis_cluster import MASTERS, SLOTS, Cluster

NODE_TIMEOUT_MS = 3000
_ROOM = 1_500_000  # bytes that each node has for keys and buffers


class Faults:
    """Faults in a random order; `replace` replaces an image, and refreshes it if that is possible."""

    def __init__(self, cluster: Cluster, order: random.Random, replace: Callable[[], None]) -> None:
        self._cluster = cluster
        self._random = order
        self._replace = replace
        self._repairs: list[Callable[[], bool]] = []
        for node in cluster.nodes:
            self._limit_memory(node)

    def strike(self) -> str:
        """Does one of them; returns which, empty if the cluster is in no state for it."""
        fault = self._random.choice(
            [
                self._kill_a_master,
                self._kill_a_master_whose_replica_lags,
                self._freeze_a_master,
                self._flush,
                self._pause_clients,
                self._evict,
                self._reshard,
            ]
        )
        with suppress(redis.RedisError):
            if fault():
                return fault.__name__.strip("_").replace("_", " ")
        return ""

    def _master_with_a_replica(self) -> tuple[int, int] | None:
        """A master and its replica, if all six nodes are well: each fault is repaired before the next one."""
        if self._repairs:
            return None
        nodes = self._cluster.nodes
        roles = [node.role() for node in nodes]
        masters = [number for number, role in enumerate(roles) if role[0] == b"master"]
        replicas = {
            self._cluster.ports.index(role[2]): number
            for number, role in enumerate(roles)
            if role[0] != b"master" and role[3] == b"connected"
        }
        if len(masters) != MASTERS or len(replicas) != MASTERS:
            return None
        master = self._random.choice(masters)
        return master, replicas[master]

    def _kill_a_master(self) -> bool:
        if (pair := self._master_with_a_replica()) is None:
            return False
        self._kill(*pair)
        return True

    def _kill_a_master_whose_replica_lags(self) -> bool:
        if (pair := self._master_with_a_replica()) is None:
            return False
        master, replica = pair
        self._cluster.freeze(replica)
        self._cluster.nodes[master].client_kill_filter(_type="replica")
        until = time.monotonic() + NODE_TIMEOUT_MS / 2000  # before it is taken for dead
        while time.monotonic() < until:
            self._replace()
        self._cluster.thaw(replica)
        self._kill(master, replica)
        return True

    def _freeze_a_master(self) -> bool:
        """It goes on once its replica has taken over, and takes itself for the master until it hears of that."""
        if (pair := self._master_with_a_replica()) is None:
            return False
        master, replica = pair
        self._cluster.freeze(master)

        def repaired() -> bool:
            if self._cluster.nodes[replica].role()[0] != b"master":
                return False
            self._cluster.thaw(master)
            return True

        self._repairs.append(repaired)
        return True

    def _kill(self, master: int, replica: int) -> None:
        self._cluster.kill(master)

        def repaired() -> bool:
            if self._cluster.nodes[replica].role()[0] != b"master":
                return False
            self._cluster.restart(master)
            self._limit_memory(self._cluster.nodes[master])
            return True

        self._repairs.append(repaired)

    def _any_node(self) -> int:
        return self._random.choice(
            [number for number in range(len(self._cluster.nodes)) if self._cluster.answers(number)]
        )

    def _flush(self) -> bool:
        self._cluster.nodes[self._any_node()].flushall()
        return True

    def _pause_clients(self) -> bool:
        node = self._cluster.nodes[self._any_node()]
        node.execute_command("CLIENT", "PAUSE", self._random.randrange(100, 700), "ALL")
        return True

    def _evict(self) -> bool:
        """Fills a master until it has evicted whatever was used least."""
        number = self._any_node()
        node, port = self._cluster.nodes[number], self._cluster.ports[number]
        slots = [row for row in node.execute_command("CLUSTER SLOTS") if row[2][1] == port]
        if not slots:
            return False
        tag = next(tag for tag in map(str, range(SLOTS * 99)) if _in(slots, tag))
        for key in range(500):
            node.set(f"{{{tag}}}:{key}", b"x" * 4000, px=60_000)
        return True

    def _reshard(self) -> bool:
        if self._master_with_a_replica() is None:
            return False
        slot = self._random.randrange(SLOTS)
        masters = {self._cluster.owner(each) for each in range(0, SLOTS, SLOTS // 8)} - {
            self._cluster.owner(slot)
        }
        self._cluster.move(slot, self._random.choice(sorted(masters)))
        return True

    def repair(self) -> bool:
        """Restarts or thaws what was killed or frozen, where a replica has taken over. Returns whether all is well."""
        for repaired in list(self._repairs):
            with suppress(redis.RedisError):
                if repaired():
                    self._repairs.remove(repaired)
        return not self._repairs

    def repair_all(self) -> None:
        """Waits for the replicas to take over."""
        until(self.repair, "the replicas that take over")

    @staticmethod
    def _limit_memory(node: Any) -> None:
        node.config_set("repl-backlog-size", "100kb")  # it counts as memory
        node.config_set("maxmemory", node.info("memory")["used_memory"] + _ROOM)
        node.config_set("maxmemory-policy", "allkeys-lru")


def _in(slots: list[Any], tag: str) -> bool:
    slot = key_slot(f"{{{tag}}}".encode())
    return any(row[0] <= slot <= row[1] for row in slots)
