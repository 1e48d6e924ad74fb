"""Answers a viewer's request from the edge's cache, or from an origin through the cache."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.cloudfront import event, signed_urls
from local.cloudfront.distribution import Behavior, Distribution
from local.cloudfront.function import Function, FunctionFailed
from local.cloudfront.origins import Ask
from local.cloudfront.store import Answer, Store, Stored

LOG = logging.getLogger(__name__)
_PAGE = 10  # invalidations; most answers find none that is new
_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]


class Origin(Protocol):
    async def ask(self, asked: Ask) -> Answer: ...


class Invalidations:
    """The CloudFront API's invalidations, looked up before each answer: a purge is complete when the API says so."""

    def __init__(self, cloudfront: Any, distribution_id: str) -> None:
        self._cloudfront = cloudfront
        self._distribution_id = distribution_id
        self._seen: set[str] = set()

    def new_items(self) -> list[str]:
        """What was purged since the last call that succeeded: paths, and tags with a leading `#`.

        The list begins with the newest, so it is read up to the first one that is known.
        """
        new = list(itertools.takewhile(lambda each: each not in self._seen, self._listed()))
        items = [item for each in new for item in self._items(each)]
        self._seen.update(new)
        return items

    def _listed(self) -> Iterator[str]:
        pages = self._cloudfront.get_paginator("list_invalidations").paginate(
            DistributionId=self._distribution_id, PaginationConfig={"PageSize": _PAGE}
        )
        for page in pages:
            for summary in page["InvalidationList"].get("Items", ()):
                yield summary["Id"]

    def _items(self, invalidation_id: str) -> list[str]:
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
        context: Mapping[str, str],
        trusted_keys: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`context` names the distribution to its functions (local.cloudfront.event).

        `trusted_keys` are the public keys of signed URLs, in PEM, by id.
        """
        self._distribution = distribution
        self._context = context
        self._trusted_keys = trusted_keys
        self._functions = {
            code: Function(code)
            for behavior in (distribution.default, *(each for _, each in distribution.behaviors))
            for code in (behavior.function, behavior.response_function)
            if code
        }
        self._store = store
        self._origins = origins
        self._invalidations = invalidations
        self._purging = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        viewer = _viewer(request)
        behavior = self._distribution.behavior(viewer.path)
        refused = await self._refusal(request, viewer) if behavior.signed else None
        if refused:
            response = _response(request, _from_edge(refused))
        else:
            response = await self._answer(request, viewer, behavior)
        response.headers.update(
            behavior.response_headers.for_answer(response.headers, has_origin="origin" in request.headers)
        )
        return response

    async def _refusal(self, request: Request, viewer: event.Viewer) -> Answer | None:
        """The answer to a URL that is not signed; CloudFront checks that before anything else."""
        origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
        keys = await run_in_threadpool(self._trusted_keys)
        return signed_urls.refusal(origin, viewer.path, viewer.query, keys, time.time())

    async def _answer(self, request: Request, viewer: event.Viewer, behavior: Behavior) -> Response:
        sent = event.event(viewer, self._context)
        onward = self._after_function(behavior, sent)
        if isinstance(onward, Answer):
            return _response(request, onward)
        answer = await self._of_cache_or_origin(request, viewer, behavior, onward)
        return _response(request, self._after_response_function(behavior, sent, answer))

    async def _of_cache_or_origin(
        self, request: Request, viewer: event.Viewer, behavior: Behavior, onward: event.Onward
    ) -> Answer:
        origin = self._origins[behavior.origin]
        if request.method not in ("GET", "HEAD") or not behavior.stores:
            body = await request.body()
            query = signed_urls.unsigned(onward.query) if behavior.signed else onward.query
            asked = Ask(request.method, onward.path, query, onward.headers, body)
            return _from_edge(await self._or_failover(behavior, asked, await origin.ask(asked)))
        async with self._purging:  # or one request would overtake another's purge
            self._store.purge(await run_in_threadpool(self._invalidations.new_items))
        query = _cached_query(behavior, onward.query)
        key = (onward.path, query, *(onward.headers.get(name, "") for name in behavior.headers))
        if stored := self._store.fresh(key):
            return _from_edge(stored.answer, stored, self._store.now())
        asked_at = self._store.now()
        forwarded = onward.query if behavior.forwards_query else query
        asked = Ask("GET", onward.path, forwarded, onward.headers)
        answer = await self._or_failover(behavior, asked, await origin.ask(asked))
        if answer.status >= 500 and (stored := self._store.on_error(key)):
            return _from_edge(stored.answer, stored, self._store.now())
        self._store.keep(key, viewer.path, answer, asked_at)
        return _from_edge(answer)

    async def _or_failover(self, behavior: Behavior, asked: Ask, answer: Answer) -> Answer:
        """The answer, or that of the origin that stands in for a status like this."""
        failover = behavior.failover
        if failover is None or answer.status not in failover.statuses:
            return answer
        return await self._origins[failover.origin].ask(replace(asked, path=failover.path + asked.path))

    def _after_response_function(self, behavior: Behavior, sent: Mapping[str, Any], answer: Answer) -> Answer:
        """What the behavior's function makes of the answer; CloudFront runs none for an error."""
        if behavior.response_function is None or answer.status >= 400:
            return answer
        try:
            returned = self._functions[behavior.response_function](event.response_event(sent, answer))
            return event.changed_answer(answer, returned)
        except (FunctionFailed, TypeError, KeyError, AttributeError) as error:
            return _failed(sent, error)

    def _after_function(self, behavior: Behavior, sent: Mapping[str, Any]) -> event.Onward | Answer:
        """What the behavior's function makes of the request; 503 if it fails, as CloudFront answers."""
        try:
            returned = self._functions[behavior.function](sent) if behavior.function else sent["request"]
            return event.outcome(sent, returned)
        except (FunctionFailed, ValueError, TypeError, KeyError, AttributeError) as error:
            return _failed(sent, error)


def _failed(sent: Mapping[str, Any], error: Exception) -> Answer:
    LOG.error("the CloudFront Function failed for %s: %s", sent["request"]["uri"], error)
    text = f"The CloudFront Function failed: {error}"
    return Answer(503, {"content-type": "text/plain"}, text.encode(errors="replace"))


def application(edge: Edge) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", edge.answer, methods=_METHODS)])


def _viewer(request: Request) -> event.Viewer:
    return event.Viewer(
        request.method,
        request.scope["raw_path"].decode("latin-1"),
        request.scope["query_string"].decode("latin-1"),
        tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw),
        request.client.host if request.client else "",
    )


def _cached_query(behavior: Behavior, query: str) -> str:
    """The part of the query that is in the cache key."""
    pairs = [pair for pair in query.split("&") if pair.partition("=")[0] in behavior.parameters]
    return "&".join(sorted(pairs))


def _from_edge(answer: Answer, stored: Stored | None = None, now: float = 0) -> Answer:
    """The answer with what the edge adds: whether it was stored, and for how long."""
    headers = {**answer.headers, "x-cache": "Hit from edge" if stored else "Miss from edge"}
    if stored:
        headers["age"] = str(int(now - stored.at))
    return Answer(answer.status, headers, answer.body)


def _response(request: Request, answer: Answer) -> Response:
    headers, status, body = dict(answer.headers), answer.status, answer.body
    tags = request.headers.get("if-none-match", "").replace("W/", "")
    if status == 200 and "etag" in headers and headers["etag"] in [tag.strip() for tag in tags.split(",")]:
        status, body = 304, b""
    if request.method == "HEAD":
        headers["content-length"], body = str(len(body)), b""
    return Response(body, status, headers)
