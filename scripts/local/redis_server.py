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
    earlier, one line on standard error and in the log says so, and what to do.
    """
    program = binary()
    port = ports.free(port, "--redis-port")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [program, "--port", str(port), "--bind", ports.LOOPBACK, "--save", "", "--appendonly", "no"]
    process = tethered(command, log)
    stopping = threading.Event()
    try:
        _await_pong(port, process, log)
        again = shlex.join([*command, "--daemonize", "yes"])
        threading.Thread(target=_watch, args=(process, stopping, again, log), daemon=True).start()
        yield f"redis://{ports.LOOPBACK}:{port}/0"
    finally:
        stopping.set()
        end(process)


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


def _watch(process: subprocess.Popen[bytes], stopping: threading.Event, again: str, log: Path) -> None:
    process.wait()
    if not stopping.is_set():
        line = (
            f"Redis ended (see {log}): readers are served from the table, and new uploads end FAILED. Start it again"
            f" with `{again}`, then run `./scripts/images replay --all`; or restart the stack."
        )
        logging.getLogger(__name__).error(line)
        print(line, file=sys.stderr, flush=True)


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
