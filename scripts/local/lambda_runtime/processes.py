"""The process of a worker: forked from one that has imported what functions have in common, or started by itself.

Both are used through the same few methods; `ForkServers` chooses.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Protocol

from local.lambda_runtime.environment import read_at_start

LAUNCHER = Path(__file__).with_name("launcher.py")
FORK_SERVER = Path(__file__).with_name("fork_server.py")
STOP_SECONDS = 5.0
CAN_FORK = sys.platform == "linux"
"""macOS's own libraries don't survive a fork."""


class Process(Protocol):
    """A running process. `output` is its standard output and error; when the stack ends, so does the process."""

    pid: int
    output: IO[bytes]

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""

    def wait(self) -> int:
        """Its exit status, once it has ended."""

    def kill(self) -> None:
        """End it now. Does nothing if it has ended."""

    def close(self) -> None:
        """Release what was held for it. It must have ended."""


class Spawned:
    """A process that has imported everything by itself."""

    def __init__(self, python: Path, handler: str, code: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [str(python), str(LAUNCHER), handler],
            cwd=code,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdout is not None
        self.pid, self.output = self._process.pid, self._process.stdout
        self.poll, self.wait, self.kill = self._process.poll, self._process.wait, self._process.kill

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()


class Forked:
    """A process forked by a fork server, which alone may signal it and learns how it ends."""

    def __init__(self, control: socket.socket, tether: int, output: int) -> None:
        """`tether` is the writing end of its standard input. Raises OSError if the fork server did not start it."""
        self._control = control
        self._messages = control.makefile("rb")
        self._tether = os.fdopen(tether, "wb", buffering=0)
        self._reading = threading.Lock()
        self._status: int | None = None
        self.output: IO[bytes] = os.fdopen(output, "rb", buffering=0)
        started = self._messages.readline()
        if not started:
            self.close()
            raise ChildProcessError("no worker was forked: see fork-servers.log")
        self.pid: int = json.loads(started)["pid"]

    def poll(self) -> int | None:
        if self._reading.acquire(blocking=False):  # otherwise another thread waits for the end
            try:
                if self._status is None:
                    readable = select.poll()
                    readable.register(self._control, select.POLLIN)
                    if readable.poll(0):
                        self._read_status()
            finally:
                self._reading.release()
        return self._status

    def wait(self) -> int:
        with self._reading:
            return self._read_status() if self._status is None else self._status

    def kill(self) -> None:
        try:
            self._control.sendall(b"k")
        except OSError:  # it has ended; or the fork server has, and this ends it
            self._tether.close()

    def close(self) -> None:
        self._tether.close()
        self._messages.close()
        self._control.close()

    def _read_status(self) -> int:
        """The status that comes next; that of a killed process if the fork server was killed."""
        try:
            ended = self._messages.readline()
        except ConnectionResetError:  # the fork server ended before it read that this one shall
            ended = b""
        if not ended:
            self._tether.close()
        self._status = int(json.loads(ended)["status"]) if ended else -signal.SIGKILL
        return self._status


class ForkServer:
    """A process that imports what functions have in common, and then forks workers."""

    def __init__(self, python: Path, variables: Mapping[str, str], log: Path) -> None:
        """Start it; it takes half a second to be ready, and requests wait. `variables` are its environment."""
        self._lock = threading.Lock()
        self._requests, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(python), str(FORK_SERVER)],
                cwd="/",
                env=dict(variables),
                stdin=theirs.fileno(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal reaches only the stack
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, handler: str, code: Path, environment: Mapping[str, str]) -> Forked:
        """A new worker. Raises OSError if there is no room for one, or if this process has ended."""
        control, theirs = socket.socketpair()
        standard_input, tether = os.pipe()
        output, standard_output = os.pipe()
        description = os.memfd_create("worker")
        with os.fdopen(description, "w") as file:
            worker = {"handler": handler, "code": str(code), "environment": dict(environment)}
            file.write(json.dumps(worker))
            file.flush()
            os.lseek(description, 0, os.SEEK_SET)
            files = [theirs.fileno(), standard_input, standard_output, description]
            with self._lock, contextlib.suppress(OSError):  # Forked finds that nothing answers
                socket.send_fds(self._requests, [b"."], files)
        theirs.close()
        os.close(standard_input)
        os.close(standard_output)
        return Forked(control, tether, output)

    def start_closing(self) -> None:
        """Let it end, and return at once: several end side by side until `close` collects each."""
        self._requests.close()

    def close(self) -> None:
        """End it, and every worker that it has forked."""
        self._requests.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Processes:
    """Starts workers with `python`: forks them from a server for each set of the variables that are read at start."""

    def __init__(self, python: Path, log: Path) -> None:
        """`log` gets what fork servers print, which is nothing unless one fails."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self._python = python
        self._log = log
        self._lock = threading.Lock()
        self._servers: dict[frozenset[tuple[str, str]], ForkServer] = {}
        self._ended = False

    def prepare(self, environments: Iterable[Mapping[str, str]]) -> None:
        """Let the imports for functions with these environments begin now."""
        if CAN_FORK:
            for environment in environments:
                self._server(environment)

    def start(self, handler: str, code: Path, environment: Mapping[str, str]) -> Process:
        """A process that runs `handler` of the package unpacked at `code`. Raises OSError."""
        if not CAN_FORK:
            return Spawned(self._python, handler, code, environment)
        return self._server(environment).fork(handler, code, environment)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *raised: object) -> None:
        """End every fork server, and with it what it has forked."""
        with self._lock:
            self._ended = True
            for server in self._servers.values():
                server.start_closing()
            for server in self._servers.values():
                server.close()

    def _server(self, environment: Mapping[str, str]) -> ForkServer:
        variables = read_at_start(environment)
        key = frozenset(variables.items())
        with self._lock:
            if self._ended:
                raise ChildProcessError("the stack is stopping: no worker starts")
            found = self._servers.get(key)
            if found is None or not found.alive:
                found = self._servers[key] = ForkServer(self._python, variables, self._log)
        return found
