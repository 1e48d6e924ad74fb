"""A request as API Gateway passes it on, and its answer."""

from collections.abc import Callable
from typing import Any

import pytest
from read_world import EDGE, manifest

from imageservice.core.manifest import Manifest
from imageservice.http.edge import EdgeSettings
from reader.request import read_request
from reader.respond import respond

Read = Callable[..., dict[str, Any]]


def event(
    path: str, query: dict[str, str] | None = None, method: str = "GET", **headers: str
) -> dict[str, Any]:
    """An event of payload format 2.0, with the parts that the reader uses; `path` is decoded, as on AWS."""
    hyphenated = {name.replace("_", "-"): value for name, value in {"host": "api.example", **headers}.items()}
    http = {"method": method, "path": path}
    return {
        "rawPath": path,
        "queryStringParameters": query,
        "headers": hyphenated,
        "requestContext": {"http": http},
    }


def presign(key: str, seconds: int = 0, disposition: str = "") -> str:
    return f"https://s3.example/{key}?signed{disposition}"


@pytest.fixture
def read() -> Read:
    """Answers a request for an image with this manifest; through the edge unless the secret is another."""

    def reading(
        path: str = "/images/a.jpg",
        query: dict[str, str] | None = None,
        *,
        known: Manifest | None = manifest("a.jpg"),  # noqa: B008 - never changed
        edge: EdgeSettings = EDGE,
        fresh: bool = True,
        x_edge_secret: str = "second",
        cdn: str = "",
        **headers: str,
    ) -> dict[str, Any]:
        sent = event(path, query, x_edge_secret=x_edge_secret, **headers)
        if cdn:
            sent["stageVariables"] = {"cdn": cdn}
        request = read_request(sent, edge)
        return respond(request, known, presign, fresh=fresh)

    return reading
