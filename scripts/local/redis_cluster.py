"""A Valkey cluster on loopback: three masters, replicas if asked for, and, as in ElastiCache, TLS and users."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import redis
from redis.crc import key_slot

from local import ports, redis_server, tls_front

MASTERS = 3
SLOTS = 16384
START_SECONDS = 120.0  # only ends a hang: a start takes seconds, and more on an overloaded machine
_BUS = 10_000  # how much higher than a node's own port its cluster bus is
_LOWEST_PORT, _HIGHEST_PORT = 11_000, 21_000  # below those of outgoing connections, as are the buses


@dataclass(frozen=True)
class Guard:
    """TLS and users: `certificate` is key and certificate in one file; `user` may do what `rights`, an ACL rule, say.

    The default user is off. Clients connect to `first_port` (0: any free one), and learn the other nodes' ports there.
    """

    certificate: Path
    user: str
    password: str
    rights: str
    first_port: int = 0


class Cluster:
    """Three masters, each with a third of the slots, and `replicas` of each; nothing is stored on disk.

    Nodes are numbered: the masters, then their first replicas in the same order, then the second ones. As a context
    manager it ends with the block; it also ends with this process. Raises NoRedis, and PortTaken.
    """

    def __init__(
        self,
        directory: Path,
        replicas: int = 0,
        guard: Guard | None = None,
        node_timeout_ms: int = 5000,
        log: Path | None = None,
    ) -> None:
        self._services = contextlib.ExitStack()
        self._directory = directory
        self._log = log or directory / "valkey.log"
        self._guard = guard
        self._node_timeout_ms = node_timeout_ms
        self._admin = secrets.token_hex()
        self.ports = _free_ports(MASTERS * (1 + replicas))
        self.client_ports = self.ports
        self.nodes: list[Any] = [self._connected(port) for port in self.ports]
        self._pids: dict[int, int] = {}
        self._servers: list[subprocess.Popen[bytes]] = []
        for number in range(len(self.ports)):
            home = directory / str(number)
            home.mkdir(parents=True, exist_ok=True)
            (home / "nodes.conf").unlink(missing_ok=True)  # of an earlier cluster
        try:
            if guard:
                self.client_ports = self._serve_tls(guard)
            self._servers = [self._start(number) for number in range(len(self.ports))]
            self._join()
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """Where clients connect, without user and password."""
        options = {"cluster": "true"}
        if len(self.ports) > MASTERS:
            options["replicated"] = "true"
        if self._guard:
            options["ssl_ca_certs"] = str(self._guard.certificate)
        scheme = "rediss" if self._guard else "redis"
        return f"{scheme}://{ports.LOOPBACK}:{self.client_ports[0]}/0?{urlencode(options, safe='/')}"

    @property
    def url(self) -> str:
        """The address with the user and password of the guard, if there is one."""
        return (
            with_login(self.address, self._guard.user, self._guard.password) if self._guard else self.address
        )

    @property
    def admin_url(self) -> str:
        """The address with those of the user who may do everything."""
        return with_login(self.address, "admin", self._admin) if self._guard else self.address

    def _serve_tls(self, guard: Guard) -> list[int]:
        tls_front.write_certificate(guard.certificate)
        listeners = {
            port: ports.listening(0 if number else guard.first_port, "--redis-port")
            for number, port in enumerate(self.ports)
        }
        self._services.enter_context(tls_front.running(guard.certificate, listeners))
        return [int(listener.getsockname()[1]) for listener in listeners.values()]

    def _connected(self, port: int) -> Any:
        login: Any = {"username": "admin", "password": self._admin} if self._guard else {}
        return redis.Redis(port=port, socket_timeout=5, **login)

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        """Starts a node, empty: it knows the cluster if it was in it before."""
        home = self._directory / str(number)
        settings = home / "valkey.conf"
        settings.touch(mode=0o600)
        settings.write_text("\n".join(self._settings(number, home)) + "\n")
        return redis_server.tethered([redis_server.packaged(), str(settings)], self._log)

    def _settings(self, number: int, home: Path) -> list[str]:
        lines = [
            f"port {self.ports[number]}",
            f"bind {ports.LOOPBACK}",
            f'dir "{home}"',
            'save ""',
            "appendonly no",
            "cluster-enabled yes",
            f"cluster-node-timeout {self._node_timeout_ms}",
            "cluster-require-full-coverage no",
            # Masters keep their replicas even if another has none.
            "cluster-allow-replica-migration no",
            "repl-diskless-sync-delay 0",
        ]
        if self._guard:
            lines += [
                # Clients meet the TLS in front; the nodes meet each other.
                f"cluster-announce-client-port {self.client_ports[number]}",
                "user default off",
                f"user admin on >{self._admin} ~* &* +@all",
                f"user {self._guard.user} >{self._guard.password} {self._guard.rights}",
                "primaryuser admin",
                f"primaryauth {self._admin}",
            ]
        return lines

    def _join(self) -> None:
        for number, node in enumerate(self.nodes):
            _until(node.ping)
            node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            if number < MASTERS:
                slots = range(number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS)
                node.execute_command("CLUSTER ADDSLOTSRANGE", slots[0], slots[-1])
        _until(self._met)
        masters = [node.cluster("MYID").decode() for node in self.nodes[:MASTERS]]
        for number, node in enumerate(self.nodes[MASTERS:]):
            node.execute_command("CLUSTER REPLICATE", masters[number % MASTERS])
        _until(self.is_replicated)

    def _met(self) -> bool:
        """Introduces the nodes, repeatedly until they know each other: an introduction can get lost."""
        infos = [node.cluster("INFO") for node in self.nodes]
        if any(int(info["cluster_known_nodes"]) < len(self.nodes) for info in infos):
            for port in self.ports[1:]:
                self.nodes[0].execute_command("CLUSTER MEET", ports.LOOPBACK, port)
            time.sleep(0.2)
        return all(info["cluster_state"] == "ok" and int(info["cluster_size"]) == MASTERS for info in infos)

    def is_replicated(self) -> bool:
        """Whether every replica that runs is connected to its master and has all that it had."""
        roles = [node.role() for number, node in enumerate(self.nodes) if self.is_running(number)]
        return all(role[0] == b"master" or role[3] == b"connected" for role in roles)

    def flush(self) -> None:
        for node in self.nodes:
            node.flushall()

    def node_of(self, image_id: str) -> int:
        """The master that has the image's slot at the start; the keys have no prefix."""
        return slot_of(image_id) * MASTERS // SLOTS

    def image_on(self, node: int) -> str:
        return next(each for each in iter(lambda: f"{uuid.uuid4()}.jpg", None) if self.node_of(each) == node)

    def is_running(self, node: int) -> bool:
        return self._servers[node].poll() is None

    def kill(self, node: int) -> None:
        redis_server.end(self._servers[node])

    def freeze(self, node: int) -> None:
        """Stops a node without ending it: it keeps its connections, and answers nothing until `thaw`."""
        self._pids[node] = int(self.nodes[node].info("server")["process_id"])
        os.kill(self._pids[node], signal.SIGSTOP)

    def thaw(self, node: int) -> None:
        os.kill(self._pids[node], signal.SIGCONT)
        del self._pids[node]

    def announces(self, master: int, replica: int) -> bool:
        """Whether the master names the replica to clients."""
        slots = self.nodes[master].execute_command("CLUSTER SLOTS")
        return any(self.client_ports[replica] in (port for _, port, *_ in nodes) for _, _, *nodes in slots)

    def notice_deaths_after(self, node_timeout_ms: int) -> None:
        """Changes the node timeout of every node that answers."""
        for node in self._answering():
            node.config_set("cluster-node-timeout", node_timeout_ms)

    def restart(self, node: int) -> None:
        """Starts a node that was killed: it is empty, and rejoins the cluster that it was in."""
        self._servers[node] = self._start(node)
        _until(self.nodes[node].ping)

    def owner(self, slot: int) -> int:
        """The master that has the slot now, as the nodes that answer see it. Raises RedisError if none does."""
        for node in self._answering():
            for first, last, (_, port, *_), *_ in node.execute_command("CLUSTER SLOTS"):
                if first <= slot <= last:
                    return self.client_ports.index(port)
        raise redis.ConnectionError(f"no node has slot {slot}")

    def answers(self, node: int) -> bool:
        """Whether the node is neither killed nor frozen."""
        return self.is_running(node) and node not in self._pids

    def _answering(self) -> Iterator[Any]:
        for number, node in enumerate(self.nodes):
            if self.answers(number):
                with contextlib.suppress(redis.RedisError):
                    node.ping()
                    yield node

    def move(self, slot: int, target: int) -> None:
        """Moves the slot to another master as a resharding does: key by key, while clients continue."""
        source = self.owner(slot)
        ids = [self.nodes[number].cluster("MYID").decode() for number in (source, target)]
        self.nodes[target].execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[0])
        self.nodes[source].execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[1])
        time.sleep(0.1)
        while keys := self.nodes[source].execute_command("CLUSTER GETKEYSINSLOT", slot, 100):
            login = ["AUTH2", "admin", self._admin] if self._guard else []
            self.nodes[source].execute_command(
                *("MIGRATE", ports.LOOPBACK, self.ports[target], "", 0, 5000, *login, "KEYS", *keys)
            )
        time.sleep(0.1)
        for node in (target, source):
            self.nodes[node].execute_command("CLUSTER SETSLOT", slot, "NODE", ids[1])

    def close(self) -> None:
        for server in self._servers:
            redis_server.end(server)
        self._services.close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def slot_of(image_id: str) -> int:
    """The slot of the image's key, without a prefix."""
    return int(key_slot(f"manifest:{image_id}".encode()))


def with_login(address: str, user: str, password: str) -> str:
    """The URL with that user and password in it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc}"))


def _free_ports(count: int) -> list[int]:
    """Ports whose buses are free too."""
    found: list[int] = []
    while len(found) < count:
        with contextlib.suppress(ports.PortTaken):
            port = ports.free(_LOWEST_PORT + secrets.randbelow(_HIGHEST_PORT - _LOWEST_PORT), "")
            ports.free(port + _BUS, "")
            if port not in found:
                found.append(port)
    return found


def _until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        with contextlib.suppress(redis.RedisError):
            if holds():
                return
        time.sleep(0.05)
    raise redis_server.NoRedis("the cluster does not come together")
