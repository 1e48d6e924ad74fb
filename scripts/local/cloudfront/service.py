"""The edge, served on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import uvicorn

from imageservice_operator.operations.stack import Stack
from local.cloudfront.app import Edge, Invalidations, application
from local.cloudfront.distribution import API, RENDITIONS, Distribution
from local.cloudfront.origins import Api, Bucket
from local.cloudfront.signed_urls import TrustedKeys
from local.cloudfront.store import Store

STOP_SECONDS = 5.0
GRACE_SECONDS = 0.5
"""For requests in progress when the edge stops; what they would read is gone with the stack."""
START_SECONDS = 60.0  # only ends a hang: a start takes a second, and more on an overloaded machine


@contextlib.contextmanager
def running(
    listener: socket.socket, template: Mapping[str, Any], parameters: Mapping[str, str], stack: Stack
) -> Iterator[None]:
    """Serve the template's distribution on `listener` for the deployed stack, as long as the block runs.

    `parameters` are those that the stack was deployed with.
    """
    distribution = Distribution.of_template(template, parameters)
    edge = Edge(
        distribution,
        Store(distribution.tag_header),
        {
            API: Api(stack.outputs["ApiUrl"], _custom_headers(stack)),
            RENDITIONS: Bucket(stack.client("s3"), stack.outputs["ProcessedBucketName"]),
        },
        Invalidations(stack.client("cloudfront"), stack.outputs["DistributionId"]),
        {
            "distributionId": stack.outputs["DistributionId"],
            "distributionDomainName": f"{listener.getsockname()[0]}:{listener.getsockname()[1]}",
        },
        TrustedKeys(stack.client("cloudfront"), stack.outputs["DistributionId"]),
    )
    server = _Server(
        uvicorn.Config(
            application(edge),
            log_config=None,
            lifespan="off",
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,  # type: ignore[arg-type]  # asyncio takes fractions
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="edge")
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.005)
    if not server.started:
        raise RuntimeError("the edge did not start")
    try:
        yield
    finally:
        server.stop()
        thread.join(STOP_SECONDS)


class _Server(uvicorn.Server):
    """Uvicorn stops at once; its own loop looks ten times a second whether it should."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """To be called once it has started, from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stopping.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await self._stopping.wait()


def _custom_headers(stack: Stack) -> dict[str, str]:
    """What the deployed distribution adds to requests to the API; secrets are resolved in it."""
    found = stack.client("cloudfront").get_distribution_config(Id=stack.outputs["DistributionId"])
    origins = {origin["Id"]: origin for origin in found["DistributionConfig"]["Origins"]["Items"]}
    headers = origins[API].get("CustomHeaders", {}).get("Items", ())
    return {header["HeaderName"].lower(): header["HeaderValue"] for header in headers}
