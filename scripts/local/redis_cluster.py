"""A Redis Cluster of three masters on loopback, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import redis
from redis.crc import key_slot

from local import ports, redis_server

MASTERS = 3
SLOTS = 16384


def free_ports() -> list[int]:
    """Ports whose cluster buses (10,000 higher) are free too. They are below the ports of outgoing connections."""
    found: list[int] = []
    while len(found) < MASTERS:
        with contextlib.suppress(ports.PortTaken):
            port = ports.free(random.randrange(11_000, 21_000), "")
            ports.free(port + 10_000, "")
            found.append(port)
    return found


class Cluster:
    """Three masters, each with a third of the slots; nothing is stored on disk. Keys are those of manifests."""

    def __init__(self, directory: Path) -> None:
        self.ports = free_ports()
        self._servers = [self._start(port, directory) for port in self.ports]
        self.nodes: list[Any] = [redis.Redis(port=port, socket_timeout=5) for port in self.ports]
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
        """Introduces the nodes, repeatedly until they know each other: an introduction can get lost."""
        infos = [node.cluster("INFO") for node in self.nodes]
        if any(int(info["cluster_known_nodes"]) < MASTERS for info in infos):
            for port in self.ports[1:]:
                self.nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", port)
            time.sleep(0.5)
        return all(info["cluster_state"] == "ok" and int(info["cluster_size"]) == MASTERS for info in infos)

    @staticmethod
    def _has_ranges(node: Any) -> bool:
        return int(str(node.info("server")["redis_version"]).split(".")[0]) >= 7

    @staticmethod
    def _until(check: Any, seconds: float = 120) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            with contextlib.suppress(redis.RedisError):
                if check():
                    return
            time.sleep(0.05)
        raise redis_server.NoRedis("the cluster does not come together")

    def flush(self) -> None:
        for node in self.nodes:
            node.flushall()

    def node_of(self, image_id: str) -> int:
        return key_slot(f"manifest:{image_id}".encode()) * MASTERS // SLOTS

    def image_on(self, node: int) -> str:
        return next(each for each in iter(lambda: f"{uuid.uuid4()}.jpg", None) if self.node_of(each) == node)

    def kill(self, node: int) -> None:
        self._servers[node].kill()
        self._servers[node].wait()

    def move(self, image_id: str, target: int) -> None:
        """Moves the image's slot as a resharding does: key by key, while clients continue."""
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
