"""A browser and an edge that has had its answers for long: the template's functions, the reader's answers, Chromium."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from io import BytesIO
from typing import Any

import httpx
import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser
from read_world import EDGE, manifest
from waiting import until

from local.cloudfront.app import Edge, application
from local.cloudfront.distribution import API, RENDITIONS, Distribution
from local.cloudfront.origins import Ask
from local.cloudfront.store import Answer, Store
from local.deployment import source
from local.options import REPOSITORY
from reader.request import read_request
from reader.respond import respond

DAY_S = 86_400
PAGE = "/page/0123456789abcdef/page"  # the edge passes on no key that is not of a public rendition


class Reader:
    """The API as far as a redirect goes. Each answer has been on its way for as long as `aged` seconds."""

    def __init__(self) -> None:
        self.aged = 0.0

    async def ask(self, asked: Ask) -> Answer:
        if not asked.path.startswith("/images/"):
            return Answer(404, {}, b"")  # the browser looks for an icon of the page
        event = {
            "rawPath": asked.path,
            "headers": {**asked.headers, "x-edge-secret": EDGE.secrets[0]},
            "queryStringParameters": {"size": "w320"},
            "requestContext": {"http": {"method": asked.method}},
        }
        edge = EDGE._replace(url=f"http://{asked.headers['x-viewer-host']}")
        request = read_request(event, edge)
        found = respond(request, manifest("a.jpg"), str, fresh=True)
        headers = {**found["headers"], "date": formatdate(time.time() - self.aged, usegmt=True)}
        return Answer(found["statusCode"], headers, b"")


class Files:
    """A page that shows the image, and for any other key a gray image."""

    async def ask(self, asked: Ask) -> Answer:
        if asked.path == PAGE:
            return Answer(200, {"content-type": "text/html"}, b"<img src='/images/a.jpg?size=w320'>")
        content = BytesIO()
        Image.new("L", (4, 4), 128).save(content, "PNG")
        headers = {"content-type": "image/png", "cache-control": "public, max-age=31536000, immutable"}
        return Answer(200, headers, content.getvalue())


class NoInvalidations:
    def new_items(self) -> list[str]:
        return []


class Site:
    """An edge of the template, which counts requests for images. `renews` says whether it renews lifetimes."""

    def __init__(self, *, renews: bool) -> None:
        self.reader, self.requests, self._passed = Reader(), 0, 0.0
        distribution = Distribution.of_template(source.read(REPOSITORY / "template.yaml"))
        if not renews:
            distribution = replace(
                distribution, default=replace(distribution.default, response_function=None)
            )
        edge = Edge(
            distribution,
            Store(distribution.tag_header, lambda: time.monotonic() + self._passed),
            {API: self.reader, RENDITIONS: Files()},
            NoInvalidations(),  # type: ignore[arg-type]  # all of a store that is used here
            {"distributionId": "E1", "distributionDomainName": "cdn.example"},
        )
        self._app = application(edge)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/images/"):
            self.requests += 1
        await self._app(scope, receive, send)

    def age(self, seconds: float, url: str) -> None:
        """The edge has had the answer for the URL for that long; browsers have none yet."""
        self.reader.aged = seconds
        httpx.get(url, headers={"accept": "image/avif,image/webp,*/*"})
        self._passed += seconds
        self.requests = 0


@contextmanager
def served(site: Site) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(site, log_config=None, lifespan="off", date_header=False))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        until(lambda: server.started, lambda: "the edge starts")
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize(("renews", "requests"), [(True, [1]), (False, range(4, 13))])
def test_four_views_of_an_image_that_the_edge_has_had_for_hours_are_one_request(
    browser: Browser, renews: bool, requests: Sequence[int]
) -> None:
    """Without the template's response function, every view is a request: the proof that it is needed."""
    site = Site(renews=renews)
    with served(site) as origin:
        site.age(6 * 3600, f"{origin}/images/a.jpg?size=w320")
        context = browser.new_context()
        for _ in range(4):
            page = context.new_page()  # of its own, so that only the HTTP cache can have the image
            page.goto(f"{origin}/renditions{PAGE}")
            page.wait_for_function("() => document.images[0].complete && document.images[0].naturalWidth")
            page.close()
        context.close()
    assert site.requests in requests


@pytest.mark.parametrize("aged", [0, 59, 3600, DAY_S - 60])
def test_what_a_browser_gets_is_fresh_for_a_minute_whatever_its_age(aged: float) -> None:
    site = Site(renews=True)
    with served(site) as origin:
        link = f"{origin}/images/a.jpg?size=w320"
        site.age(aged, link)
        answer = httpx.get(link, headers={"accept": "image/avif,image/webp,*/*"})
    directives = dict(each.partition("=")[::2] for each in answer.headers["cache-control"].split(", "))
    assert directives.keys() == {"public", "max-age", "stale-while-revalidate"}
    left = int(directives["max-age"]) - max(int(answer.headers.get("age", 0)), aged)
    assert 60 <= left <= 62
