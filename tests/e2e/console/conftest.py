"""Real Chromium on the real local stack. A page that complains, or asks any host but the console, fails its test."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from imageservice_operator.operations.stack import Stack

SETTLE_S = 90


@dataclass(frozen=True)
class Console:
    """A local stack and the address of its console."""

    stack: Stack

    def address(self, path: str = "/") -> str:
        return f"{self.stack.console_url}{path}"

    def put(self, original: Path | bytes, image_id: str) -> None:
        data = original if isinstance(original, bytes) else original.read_bytes()
        self.stack.client("s3").put_object(
            Bucket=self.stack.outputs["SourceBucketName"], Key=image_id, Body=data
        )

    def item(self, image_id: str) -> dict[str, Any]:
        found = self.stack.client("dynamodb").get_item(
            TableName=self.stack.outputs["ImageTableName"],
            Key={"id": {"S": image_id}},
            ConsistentRead=True,
        )
        return dict(found.get("Item", {}))

    def until(self, image_id: str, status: str) -> None:
        give_up = time.monotonic() + SETTLE_S
        while self.item(image_id).get("status", {}).get("S") != status:
            if time.monotonic() > give_up:
                pytest.fail(f"{image_id} is not {status}: {json.dumps(self.item(image_id))}")
            time.sleep(0.1)


@pytest.fixture(scope="session")
def console(
    tmp_path_factory: pytest.TempPathFactory, running_stack: Callable[..., AbstractContextManager[Stack]]
) -> Iterator[Console]:
    """A console over a stack that no other tests use: some here break it, and repair it."""
    with running_stack(tmp_path_factory.mktemp("console")) as stack:
        yield Console(stack)


@pytest.fixture(scope="session")
def small_photo(samples: Path) -> bytes:
    """A real photo, small enough to be processed in a moment."""
    with Image.open(samples / "landscape-orientation1.jpg") as photo:
        photo.thumbnail((400, 400))
        photo.save(made := BytesIO(), "JPEG")
    return made.getvalue()


@pytest.fixture
def open_page(browser: Browser, console: Console) -> Iterator[Callable[..., Page]]:
    """Opens a page of the console in a fresh browser profile; options are those of Playwright's contexts."""
    complaints: list[str] = []
    with contextlib.ExitStack() as contexts:

        def opened(path: str = "/", expect: int = 200, **options: Any) -> Page:
            context = browser.new_context(**options)
            contexts.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(SETTLE_S * 1000)
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
                    if request.url.startswith((console.address(), "data:"))
                    else complaints.append(f"asked {request.url}")
                ),
            )
            answer = page.goto(console.address(path))
            assert answer is not None
            assert answer.status == expect
            return page

        yield opened
    assert not complaints
