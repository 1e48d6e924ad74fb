"""The console's own web server, on a loopback port that is bound already."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from console.app import create_app
from operations.stack import Stack

START_SECONDS = 10.0


def server(stack: Stack, *, keyed: bool) -> tuple[uvicorn.Server, str]:
    """A server, not yet running, and the key that opens it ("" where it needs none)."""
    app = create_app(stack, keyed=keyed)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    return uvicorn.Server(config), app.session.key or ""


@contextlib.contextmanager
def running(stack: Stack, listener: socket.socket) -> Iterator[None]:
    """Serves the console of a local stack, to everybody on the machine, for as long as the block runs.

    The thread is the caller's process's: the local stack and its console end together.
    """
    serving, _ = server(stack, keyed=False)
    thread = threading.Thread(target=serving.run, args=([listener],), daemon=True, name="console")
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not serving.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the console did not start")
        time.sleep(0.01)
    try:
        yield
    finally:
        serving.should_exit = True
        thread.join(5)
