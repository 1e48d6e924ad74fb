"""Real Chromium on the real local stack. A page that logs an error, or calls another host, fails its test."""

import contextlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from service import Service
from waiting import HANG_S

from local import background
from local.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The Redis of the console's stack, which tests stop and start again."""
    with RedisServer(tmp_path_factory.mktemp("redis") / "redis.log") as server:
        yield server


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory, redis: RedisServer) -> Iterator[Service]:
    """A stack that no other tests use, for its console: some tests here break it, and repair it."""
    with background.started(tmp_path_factory.mktemp("console"), f"--redis-url={redis.url}") as stack:
        yield Service(stack)


@pytest.fixture(scope="session")
def small_photo(samples: Path) -> bytes:
    """A real photo, small enough to be processed in a moment."""
    with Image.open(samples / "landscape-orientation1.jpg") as photo:
        photo.thumbnail((400, 400))
        photo.save(made := BytesIO(), "JPEG")
    return made.getvalue()


@pytest.fixture
def open_page(browser: Browser, console: Service) -> Iterator[Callable[..., Page]]:
    """Opens a page of the console in a fresh browser profile; options are those of Playwright's contexts."""
    complaints: list[str] = []
    with contextlib.ExitStack() as contexts:

        def opened(path: str = "/", expect: int = 200, **options: Any) -> Page:
            context = browser.new_context(**options)
            contexts.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(HANG_S * 1000)
            page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
            page.on(
                "console",
                lambda message: (
                    complaints.append(f"{message.type}: {message.text}")
                    if message.type in ("error", "warning") and f"status of {expect}" not in message.text
                    else None
                ),
            )
            page.on(
                "dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}") or dialog.dismiss()
            )
            page.on(
                "request",
                lambda request: (
                    None
                    if request.url.startswith((console.page_url(), "data:"))
                    else complaints.append(f"asked {request.url}")
                ),
            )
            answer = page.goto(console.page_url(path))
            assert answer is not None
            assert answer.status == expect
            return page

        yield opened
    assert not complaints
