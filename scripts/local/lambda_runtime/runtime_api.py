"""The Runtime API of one worker: a loopback HTTP server from which awslambdaric fetches the next
invocation and to which it posts the outcome.

The protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Invocation:
    """The worker's task: the event as JSON bytes, and its deadline (milliseconds since 1970)."""

    request_id: str
    event: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str | None = None


@dataclass(frozen=True)
class Posted:
    """What the worker posted: `kind` is "response", "error" or "init-error"."""

    kind: str
    request_id: str
    body: bytes


class RuntimeApi(ThreadingHTTPServer):
    """Serves one worker. `outcomes` receives what it posts; `ready` is set when it first asks for work."""

    daemon_threads = True

    def __init__(self, outcomes: queue.SimpleQueue[Any]) -> None:
        self.outcomes = outcomes
        self.ready = threading.Event()
        self._invocations: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.5,), daemon=True, name="runtime-api").start()

    @property
    def address(self) -> str:
        """host:port, the value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_address[1]}"

    def hand_over(self, invocation: Invocation) -> None:
        """Give the worker its next invocation."""
        self._invocations.put(invocation)

    def next_invocation(self) -> Invocation | None:
        """Wait for the next invocation; None once the server is closing."""
        return self._invocations.get()

    def close(self) -> None:
        """Stop serving, and release the port and every waiting thread; this continues after the return."""
        self._invocations.put(None)
        threading.Thread(target=self._close, daemon=True, name="runtime-api-close").start()

    def _close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that was killed in the middle of a request is not logged here: its exit is reported elsewhere."""


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    # Headers and body in one packet, sent at once: with the defaults each invocation waits 40 ms for Nagle.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self.server.ready.set()
        invocation = self.server.next_invocation()
        if invocation is None:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn)
        if invocation.trace_id:
            self.send_header("Lambda-Runtime-Trace-Id", invocation.trace_id)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(invocation.event)))
        self.end_headers()
        self.wfile.write(invocation.event)

    def do_POST(self) -> None:
        body = self._body()
        *_, request_id, kind = self.path.rstrip("/").split("/")
        if request_id == "init":
            kind = "init-error"
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        self.server.outcomes.put(Posted(kind, request_id, body))

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: one line per invocation would drown the functions' own logs."""
