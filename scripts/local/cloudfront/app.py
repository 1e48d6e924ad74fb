"""A viewer's request, from the edge's cache or through it from an origin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.cloudfront.distribution import Behaviour, Distribution
from local.cloudfront.origins import Ask
from local.cloudfront.store import Answer, Kept, Store
from local.cloudfront.viewer_request import viewer_request

_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]


class Origin(Protocol):
    async def ask(self, asked: Ask) -> Answer: ...


class Invalidations:
    """Those asked of the CloudFront API, looked up before each answer: a purge is through when the API says so."""

    def __init__(self, cloudfront: Any, distribution_id: str) -> None:
        self._cloudfront = cloudfront
        self._distribution_id = distribution_id
        self._seen: set[str] = set()

    def new_items(self) -> list[str]:
        pages = self._cloudfront.get_paginator("list_invalidations").paginate(
            DistributionId=self._distribution_id
        )
        listed = [summary["Id"] for page in pages for summary in page["InvalidationList"].get("Items", ())]
        return [item for each in listed if each not in self._seen for item in self._items(each)]

    def _items(self, invalidation_id: str) -> list[str]:
        self._seen.add(invalidation_id)
        found = self._cloudfront.get_invalidation(DistributionId=self._distribution_id, Id=invalidation_id)
        items: list[str] = found["Invalidation"]["InvalidationBatch"]["Paths"]["Items"]
        return items


class Edge:
    """One edge of the distribution."""

    def __init__(
        self,
        distribution: Distribution,
        store: Store,
        origins: Mapping[str, Origin],
        invalidations: Invalidations,
    ) -> None:
        self._distribution = distribution
        self._store = store
        self._origins = origins
        self._invalidations = invalidations
        self._purging = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode("latin-1")
        behaviour = self._distribution.behaviour(path)
        onward, headers = viewer_request(path, dict(request.headers.items()))
        origin = self._origins[behaviour.origin]
        if request.method not in ("GET", "HEAD"):
            body = await request.body()
            return _response(
                request, await origin.ask(Ask(request.method, onward, request.url.query, headers, body))
            )
        async with self._purging:  # or one request would overtake another's purge
            self._store.purge(await run_in_threadpool(self._invalidations.new_items))
        query = _query(behaviour, request)
        key = (onward, query, *(headers.get(name, "") for name in behaviour.headers))
        if kept := self._store.fresh(key):
            return _response(request, kept.answer, kept, self._store.now())
        asked = self._store.now()
        answer = await origin.ask(Ask("GET", onward, query, headers))
        if answer.status >= 500 and (kept := self._store.on_error(key)):
            return _response(request, kept.answer, kept, self._store.now())
        self._store.keep(key, path, answer, asked)
        return _response(request, answer)


def application(edge: Edge) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", edge.answer, methods=_METHODS)])


def _query(behaviour: Behaviour, request: Request) -> str:
    """The part of the query that tells answers apart, as it was sent; the origin sees nothing else."""
    pairs = [pair for pair in request.url.query.split("&") if pair.partition("=")[0] in behaviour.parameters]
    return "&".join(sorted(pairs))


def _response(request: Request, answer: Answer, kept: Kept | None = None, now: float = 0) -> Response:
    headers = {
        "access-control-allow-origin": "*",
        **answer.headers,
    }  # the behaviours' response headers policy
    headers["x-cache"] = "Hit from edge" if kept else "Miss from edge"
    if kept:
        headers["age"] = str(int(now - kept.stored))
    status, body = answer.status, answer.body
    tags = request.headers.get("if-none-match", "").replace("W/", "")
    if status == 200 and "etag" in headers and headers["etag"] in [tag.strip() for tag in tags.split(",")]:
        status, body = 304, b""
    if request.method == "HEAD":
        headers["content-length"], body = str(len(body)), b""
    return Response(body, status, headers)
