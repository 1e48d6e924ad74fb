"""A real Redis or Valkey on loopback: the one on PATH, otherwise the one in `.venv/redis`."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from local import ports
from local.options import REPOSITORY

LASTING_SECONDS = 5.0
"""How long a server must have run to be started again when it ends: one that can't stay is not."""
START_SECONDS = 60.0  # only ends a hang: a start takes milliseconds, and seconds on an overloaded machine

# The shell ends the server when the pipe on descriptor 3 ends, because this process closed it or is gone; when the
# server ends, so does the shell. The server has a session of its own, so that Ctrl-C in a terminal reaches only
# this process.
_TETHER = 'exec 3<&0; "$@" </dev/null & server=$!; (read _ <&3; kill -9 $server) & wait $server; kill $! 2>/dev/null'


class NoRedis(Exception):
    """Redis can't be started; the message says what is missing or what Redis reported."""


def binary() -> str:
    """The path of a valkey-server or redis-server. Raises NoRedis."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(REPOSITORY / ".venv" / "redis" / "bin")])
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=path):
            return found
    raise NoRedis("no valkey-server or redis-server on PATH: install one, or pass --redis-url")


def packaged() -> str:
    """The path of the valkey-server in `.venv/redis`, whose version is known. Raises NoRedis."""
    path = REPOSITORY / ".venv" / "redis" / "bin" / "valkey-server"
    if not path.exists():
        raise NoRedis(f"no {path}: ./scripts/run --cache cluster installs it")
    return str(path)


@contextlib.contextmanager
def running(port: int, log: Path) -> Iterator[str]:
    """Run a Redis on loopback `port` (0: any free one), without persistence; yields its URL.

    Raises NoRedis or ports.PortTaken. It ends with the block, or with this process, even if that is killed. If it ends
    earlier, it is started again, empty, unless it ran for less than LASTING_SECONDS; one line on standard error and in
    the log says so, and what to do.
    """
    program = binary()
    port = ports.free(port, "--redis-port")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [program, "--port", str(port), "--bind", ports.LOOPBACK, "--save", "", "--appendonly", "no"]
    server = _Server(command, port, log)
    try:
        server.start()
        threading.Thread(target=server.watch, daemon=True).start()
        yield f"redis://{ports.LOOPBACK}:{port}/0"
    finally:
        server.stop()


class _Server:
    """The server that `command` runs on `port`, as often as it has to be started."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self._command = command
        self._port = port
        self._log = log
        self._stopped = False
        self._changing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises NoRedis."""
        with self._changing:
            if not self._stopped:
                self._process = tethered(self._command, self._log)
                _await_pong(self._port, self._process, self._log)

    def stop(self) -> None:
        with self._changing:
            self._stopped = True
            if self._process is not None:
                end(self._process)

    def watch(self) -> None:
        """Returns once the server has ended for good."""
        while True:
            began = time.monotonic()
            assert self._process is not None
            self._process.wait()
            if self._stopped:
                return
            lasted = time.monotonic() - began >= LASTING_SECONDS
            try:
                if lasted:
                    self.start()
            except NoRedis:
                lasted = False
            if not lasted:
                again = shlex.join([*self._command, "--daemonize", "yes"])
                _say(
                    f"Redis ended (see {self._log}): readers are served from the table, and new uploads end FAILED."
                    f" Start it again with `{again}`, then run `./scripts/images replay --all`; or restart the stack."
                )
                return
            _say(
                f"Redis ended (see {self._log}), and was started again, empty. If uploads have FAILED meanwhile, run"
                " `./scripts/images replay --all`."
            )


def _say(line: str) -> None:
    logging.getLogger(__name__).error(line)
    print(line, file=sys.stderr, flush=True)


def tethered(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Run a server that ends with this process, even if this process is killed. Its output is appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            ["/bin/sh", "-c", _TETHER, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a tethered server, if it still runs."""
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


class RedisServer:
    """A Redis that can be stopped, and started again on its port; then it is empty. It runs from the start.

    As a context manager it ends with the block, running or not.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._running = contextlib.ExitStack()
        self.url = self._running.enter_context(running(0, log))

    def stop(self) -> None:
        """End it; clients get no answer from now on. Does nothing if it is stopped already."""
        self._running.close()

    def start(self) -> None:
        """Start it again on the same port. Raises NoRedis or ports.PortTaken."""
        port = urlsplit(self.url).port
        assert port is not None
        self._running.enter_context(running(port, self._log))

    def restart(self) -> None:
        """Stop and start it: it answers, and is empty."""
        self.stop()
        self.start()

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()


def _await_pong(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((ports.LOOPBACK, port), timeout=1) as probe,
        ):
            probe.sendall(b"PING\r\n")
            if probe.recv(16).startswith(b"+PONG"):
                return
        time.sleep(0.01)
    raise NoRedis(f"Redis did not start on port {port}: see {log}")
