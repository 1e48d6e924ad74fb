"""One worker: a process that runs one function under awslambdaric, one invocation at a time."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import re
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local.lambda_runtime.processes import Process
from local.lambda_runtime.runtime_api import Invocation, Posted, RuntimeApi

LOG = logging.getLogger(__name__)
INIT_SECONDS = 10.0
"""Lambda's own limit for the init phase; after it, init is run again under the function's timeout."""


@dataclass(frozen=True)
class Outcome:
    """The result of an invocation: the answer or the error payload, as Lambda would return it.

    `duration_ms` is from the hand-over to the answer. `init_ms` is what this invocation waited for the process to be
    ready: 0 in a warm one. `memory_mb` is the process's peak, in MiB.
    """

    payload: Any
    is_error: bool
    log: str
    reusable: bool
    timed_out: bool = False
    duration_ms: float = 0.0
    init_ms: float = 0.0
    memory_mb: int = 0


@dataclass(frozen=True)
class _Exited:
    status: int


class Worker:
    """A process started at construction. Not thread-safe: the pool leases it to one invocation at a time."""

    def __init__(self, start: Callable[[str], Process], log: Path) -> None:
        """`start` starts the process, given the address of its Runtime API. Raises OSError as that does."""
        self._outcomes: queue.SimpleQueue[Posted | _Exited] = queue.SimpleQueue()
        self._api = RuntimeApi(self._outcomes)
        self._log_path = log
        self._log_lock = threading.Lock()
        self._log_lines: list[bytes] = []
        self._log_refused = False
        self._init_reported = False
        self._peak_memory_mb = 0
        try:
            self._process = start(self._api.address)
        except BaseException:
            self._api.close()
            raise
        self._output = self._process.output.fileno()
        os.set_blocking(self._output, False)
        threading.Thread(target=self._watch, daemon=True, name=f"worker-{self._process.pid}").start()

    @property
    def pid(self) -> int:
        """The operating system's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def invoke(
        self, event: Any, request_id: str, function_arn: str, timeout: float, trace_id: str | None
    ) -> Outcome:
        """Run one invocation, at most `timeout` seconds of it; a worker that overruns is killed."""
        waited = time.perf_counter()
        self._await_init(timeout)
        started = time.perf_counter()
        outcome = self._run(event, request_id, function_arn, timeout, trace_id)
        init_ms, self._init_reported = (0.0 if self._init_reported else (started - waited) * 1000), True
        return replace(
            outcome,
            duration_ms=(time.perf_counter() - started) * 1000,
            init_ms=init_ms,
            memory_mb=self._peak_memory_mb,
        )

    def _run(
        self, event: Any, request_id: str, function_arn: str, timeout: float, trace_id: str | None
    ) -> Outcome:
        deadline = time.time() + timeout
        payload = json.dumps(event).encode()
        self._api.hand_over(Invocation(request_id, payload, int(deadline * 1000), function_arn, trace_id))
        while True:
            try:
                posted = self._outcomes.get(timeout=max(0.0, deadline - time.time()))
            except queue.Empty:
                self._note_memory()
                self.kill()
                message = f"Task timed out after {timeout:.2f} seconds"
                return replace(self._failed(request_id, "Sandbox.Timedout", message), timed_out=True)
            if isinstance(posted, _Exited):
                self.kill()
                return self._failed(request_id, "Runtime.ExitError", _exit_message(posted.status))
            if posted.kind == "init-error":
                self.kill()
                return Outcome(json.loads(posted.body), True, self._taken_log(), False)
            if posted.request_id == request_id:
                self._note_memory()
                return Outcome(_parsed(posted.body), posted.kind == "error", self._taken_log(), True)

    def start_killing(self) -> None:
        """Let the process end, and return at once: several end side by side until `kill` collects each."""
        self._process.kill()

    def kill(self) -> None:
        """End the process now and collect it."""
        self._process.kill()
        self._process.wait()
        self._process.close()
        self._api.close()

    def _note_memory(self) -> None:
        """Keep the process's peak memory, as far as the system tells it."""
        with contextlib.suppress(OSError, ValueError):
            status = Path(f"/proc/{self.pid}/status").read_text()
            [peak] = re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
            self._peak_memory_mb = int(peak) // 1024

    def _await_init(self, timeout: float) -> None:
        deadline = time.monotonic() + INIT_SECONDS + timeout
        while not self._api.ready.wait(0.02):
            if not self.alive or not self._outcomes.empty() or time.monotonic() > deadline:
                return

    def _failed(self, request_id: str, kind: str, message: str) -> Outcome:
        payload = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}
        return Outcome(payload, True, self._taken_log(), False)

    def _watch(self) -> None:
        """Collect the process's output for as long as it lives, then report its exit."""
        readable = select.poll()
        readable.register(self._output, select.POLLIN)
        ended = False
        while not ended:
            readable.poll()
            with self._log_lock:
                ended = self._read_output()
        self._outcomes.put(_Exited(self._process.wait()))

    def _read_output(self) -> bool:
        """Read all that the pipe holds now; return True at its end. Needs the log lock, and never waits:
        the pipe may have been emptied since it was reported readable."""
        while True:
            try:
                data = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return False
            if not data:
                return True
            self._log_lines.append(data)
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        """Append to the function's log file. A disk that is full costs its lines, not the invocation."""
        try:
            with self._log_path.open("ab") as log:
                log.write(data)
        except OSError as error:
            if not self._log_refused:
                LOG.error("%s can't be written: %s", self._log_path, error.strerror)
            self._log_refused = True

    def _taken_log(self) -> str:
        """All output up to now. The worker writes its lines before it posts the outcome, so the rest in the
        pipe belongs to this invocation, and there is no need to wait for more."""
        with self._log_lock:
            self._read_output()
            taken, self._log_lines = b"".join(self._log_lines), []
        return taken.decode("utf-8", errors="replace")


def _exit_message(status: int) -> str:
    if status < 0:
        return f"Runtime exited with error: signal: {signal.Signals(-status).name}"
    return (
        "Runtime exited without providing a reason"
        if status == 0
        else f"Runtime exited with error: exit status {status}"
    )


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", errors="replace")
