"""A request as API Gateway passes it on, and its answer."""

from collections.abc import Callable
from typing import Any

import pytest
from read_world import manifest

from imageservice.core.manifest import Manifest
from reader.request import read_request
from reader.respond import respond

Read = Callable[..., dict[str, Any]]
EDGE = "https://cdn.example"


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


@pytest.fixture
def read() -> Read:
    """Answers a request for an image with this manifest; through the edge unless `edge` is empty."""

    def reading(
        path: str = "/images/a.jpg",
        query: dict[str, str] | None = None,
        *,
        known: Manifest | None = manifest("a.jpg"),  # noqa: B008 - never changed
        edge: str = EDGE,
        fresh: bool = True,
        **headers: str,
    ) -> dict[str, Any]:
        request = read_request(event(path, query, **headers), edge)
        return respond(request, known, lambda key: f"https://s3.example/{key}?signed", fresh=fresh)

    return reading
