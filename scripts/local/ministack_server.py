"""MiniStack in this process: configured, patched, and served on one loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.lambda_runtime.processes import Processes
from local.options import Options
from local.shortages import LogFile, Shortages, watching_disk

LOG = logging.getLogger(__name__)
START_SECONDS = 60.0  # only ends a hang: a start takes a second, and more on an overloaded machine
STOP_SECONDS = 5.0
GRACE_SECONDS = 0.5
"""For requests in progress when the stack stops. What they ask for is in memory, and ends with it."""
SETTINGS_OF_OTHERS = (
    "AWS_",
    "LAMBDA_",
    "MINISTACK_",
    "LOCALSTACK_",
    "S3_",
    "SFN_",
    "SFTP_",
    "IOT_",
    "PERSIST_",
)


@contextlib.contextmanager
def running(
    options: Options, listener: socket.socket, endpoint_url: str, processes: Processes
) -> Iterator[None]:
    """Serve MiniStack on `listener` until the block ends; then end every worker too, which `processes` starts."""
    _configure(options, listener.getsockname()[1])
    shortages = Shortages(options.state_dir)
    _log_to(options, shortages)

    # MiniStack reads its settings when it is imported, hence here and not above.
    from local import patches

    executor = patches.apply(options, endpoint_url, processes)
    server = _Server(listener)
    try:
        server.start()
        with watching_disk(shortages, [options.state_dir, Path(tempfile.gettempdir())]):
            yield
    finally:
        executor.close()  # first, because the server waits for calls of functions
        server.stop()


def _configure(options: Options, port: int) -> None:
    for name in list(os.environ):
        if name.startswith(SETTINGS_OF_OTHERS):  # a developer's own AWS profile must not reach the stack
            del os.environ[name]
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "AUTH": "true" if options.auth else "false",
            "MINISTACK_REGION": options.region,
            "AWS_DEFAULT_REGION": options.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "IOT_MTLS_ENABLED": "0",  # otherwise an MQTT broker opens on 8883, on every interface
            "SFTP_ENABLED": "0",
            "LAMBDA_ACCOUNT_CONCURRENCY": "0",  # the worker pool makes invocations wait instead of failing
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": "WARNING",
            "DOCKER_HOST": "unix:///nonexistent",  # nothing here runs in Docker: don't look for it
        }
    )


def _log_to(options: Options, shortages: Shortages) -> None:
    logs = options.state_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    handler = LogFile(logs / "stack.log", shortages)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler, shortages], force=True)
    threading.excepthook = _log_thread_failure
    # The interpreter logs every failed state as an error of its own; the execution's history shows it better.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    # In a burst, connections beyond those that a client keeps are opened and closed again, as they should be.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    logging.getLogger("samtranslator").setLevel(logging.ERROR)


def _log_thread_failure(failure: threading.ExceptHookArgs) -> None:
    name = failure.thread.name if failure.thread else "?"
    logging.getLogger("local").error("thread %s failed", name, exc_info=failure.exc_value)


class _Server:
    """Hypercorn on a thread of its own, so that the main thread stays free for signals."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._up = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="ministack")

    def start(self) -> None:
        self._thread.start()
        if not self._up.wait(START_SECONDS) or self._failure is not None:
            raise RuntimeError(f"MiniStack did not start: {self._failure or 'no answer'}")

    def stop(self) -> None:
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_SECONDS)
            if self._thread.is_alive():
                LOG.error("MiniStack did not stop within %g s: a request is still in progress", STOP_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits in start()
            self._failure = error
        finally:
            self._up.set()

    async def _serve(self) -> None:
        from hypercorn.asyncio import serve
        from hypercorn.config import Config
        from ministack.app import app

        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        config = Config()
        config.bind = [f"fd://{self._listener.detach()}"]  # from now on Hypercorn closes it
        config.keep_alive_timeout = 3600  # it is the clients that close: they keep a bounded number
        config.graceful_timeout = GRACE_SECONDS
        config.accesslog = None
        config.errorlog = logging.getLogger("hypercorn.error")

        async def started(scope: dict[str, Any], receive: Any, send: Any) -> None:
            async def watching(message: dict[str, Any]) -> None:
                await send(message)
                if message["type"] == "lifespan.startup.complete":
                    self._up.set()

            await app(scope, receive, watching if scope["type"] == "lifespan" else send)

        await serve(started, config, shutdown_trigger=self._stopping.wait)
