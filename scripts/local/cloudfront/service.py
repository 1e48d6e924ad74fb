"""The edge, served on a thread of its own."""

from __future__ import annotations

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
    server = uvicorn.Server(
        uvicorn.Config(
            application(edge),
            log_config=None,
            lifespan="off",
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
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
        server.should_exit = True
        thread.join(5)


def _custom_headers(stack: Stack) -> dict[str, str]:
    """What the deployed distribution adds to requests to the API; secrets are resolved in it."""
    found = stack.client("cloudfront").get_distribution_config(Id=stack.outputs["DistributionId"])
    origins = {origin["Id"]: origin for origin in found["DistributionConfig"]["Origins"]["Items"]}
    headers = origins[API].get("CustomHeaders", {}).get("Items", ())
    return {header["HeaderName"].lower(): header["HeaderValue"] for header in headers}
