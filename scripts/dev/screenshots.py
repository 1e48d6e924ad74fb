"""Takes the screenshots in docs/images again: `python -m dev.screenshots [FOLDER]`, in the tests' environment.

Starts a local stack of its own, uploads the sample images, replaces and restores one, stops Redis under the last
of them, and photographs the pages in Debian's Chromium:
`PYTHONPATH=scripts:scripts/operator:functions .venv/test/bin/python -m dev.screenshots`
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image as Picture
from playwright.sync_api import Browser, Page, sync_playwright

from dev import samples
from imageservice_operator.operations import executions, images, restoration, stories, uploads
from imageservice_operator.operations.stack import Stack
from local import background
from local.redis_server import RedisServer

CHROMIUM = "/usr/bin/chromium"
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PHOTOS = {
    "holiday/tomatoes.jpg": "tomatoes-12mp.jpg",
    "holiday/waterfall.jpg": "landscape-orientation6.jpg",
    "holiday/road sign.jpg": "sign-12mp.jpg",
    "team/eileen.jpg": "astronaut.jpg",
    "shop/tomatoes.jpg": "tomatoes-16mp-orientation8.jpg",
    "shop/sign.heic": "sign-12mp-displayp3.heic",
    "shop/trees.png": "trees-alpha.png",
    "shop/moving.gif": "text-11frames.gif",
    "letters/broken.jpg": "broken-header.jpg",
}
BROKEN = {
    "shop/waterfall.jpg": "landscape-orientation1.jpg",
    "shop/waterfall at night.jpg": "landscape-orientation2.jpg",
    "letters/été.jpg": "landscape-orientation3.jpg",
}
REPLACEMENT = {"holiday/road sign.jpg": "landscape-orientation4.jpg"}
UNDELIVERED = {
    "id": "5f0c",
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "originals"}, "object": {"key": "shop/late.jpg", "sequencer": "0"}},
}
DESK: dict[str, Any] = {"viewport": {"width": 1180, "height": 820}}
TALL = DESK | {"viewport": {"width": 1180, "height": 1240}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5}
QUALITIES = (86, 80, 74, 68)  # text stays sharp at each
MAX_BYTES = 100_000
# Every image on the screen is loaded, the dead-letter queues are read, and the cost is counted.
COMPLETE = """() => !/Reading the queues|counting…/.test(document.body.innerText) &&
  [...document.images].every((image) => image.complete || image.getBoundingClientRect().top > innerHeight)"""


def main(folder: Path) -> None:
    """Writes console-*.webp into `folder`."""
    with (
        tempfile.TemporaryDirectory() as state,
        # One of its own, because the stack starts its own again.
        RedisServer(Path(state) / "redis.log") as redis,
        background.started(Path(state), f"--redis-url={redis.url}"),
    ):
        photos = samples.gather(Path(state) / "samples")
        stack = Stack.local(state)
        _upload(stack, photos, PHOTOS)
        _upload(stack, photos, REPLACEMENT)
        restored = restoration.restore(stack, next(iter(REPLACEMENT)))
        list(uploads.wait_until_settled(stack, [restored.upload]))
        redis.stop()
        _upload(stack, photos, BROKEN)
        stack.client("sqs").send_message(
            QueueUrl=stack.output("UploadDeadLetterQueueUrl"),
            MessageBody=json.dumps(UNDELIVERED),
            MessageAttributes={
                "ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"},
                "ERROR_MESSAGE": {
                    "DataType": "String",
                    "StringValue": "The rule may not start the workflow.",
                },
            },
        )
        failed = images.get(stack, next(iter(BROKEN)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            shoot = _camera(browser, str(stack.console_url), folder)
            shoot("console-overview", "/overview", DESK)
            shoot("console-images", "/", DESK)
            shoot("console-record", "/image?id=holiday/road+sign.jpg#originals-title", DESK)
            shoot("console-image", "/image?id=holiday/tomatoes.jpg", DESK)
            shoot("console-focus", "/image?id=team/eileen.jpg", TALL, _choose_focus)
            shoot("console-text", "/image?id=team/eileen.jpg", TALL, _write_text)
            shoot(
                "console-execution",
                f"/execution?arn={failed.execution}",
                TALL,
            )
            shoot("console-executions", "/executions", DESK)
            opened = next(
                visit
                for visit in stories.read(executions.history(stack, str(failed.execution))).all_visits()
                if visit.status == "failed"
            )
            shoot("console-state", f"/execution?arn={failed.execution}&visit={opened.id}#detail", DESK)
            shoot("console-failures", "/failures", DESK)
            shoot("console-dark", f"/execution?arn={failed.execution}", DESK | {"color_scheme": "dark"})
            shoot("console-phone", "/", PHONE)
            browser.close()


def _upload(stack: Stack, photos: Path, files: Mapping[str, str]) -> None:
    sent = [uploads.upload(stack, photos / file, image_id) for image_id, file in files.items()]
    for upload, image in uploads.wait_until_settled(stack, sent):
        print(upload.id, image.status if image else "not settled", file=sys.stderr)


def _camera(browser: Browser, address: str, folder: Path) -> Callable[..., None]:
    folder.mkdir(parents=True, exist_ok=True)

    def shoot(
        name: str, path: str, options: Mapping[str, Any], act: Callable[[Page], None] | None = None
    ) -> None:
        page: Page = browser.new_page(**options)
        page.goto(address + path)
        page.wait_for_function(COMPLETE)
        if act:
            act(page)
        file = folder / f"{name}.webp"
        _save(page.screenshot(), file)
        page.close()
        print(f"{file}: {file.stat().st_size / 1000:.0f} kB", file=sys.stderr)

    return shoot


def _choose_focus(page: Page) -> None:
    """Opens the picture for the focal point, and clicks the face of the sample astronaut.jpg."""
    page.get_by_text("Focal point…").click()
    picture = page.locator(".focus-picture")
    box = picture.bounding_box()
    assert box
    picture.click(position={"x": box["width"] * 0.44, "y": box["height"] * 0.23})
    page.mouse.move(0, 0)


def _write_text(page: Page) -> None:
    """Opens the form for what people say about the image, and fills it in."""
    page.get_by_text("Text…").click()
    page.get_by_label("Alternative text").fill("An astronaut in an orange suit, smiling, before a flag")
    page.get_by_label("Caption").fill("Eileen Collins, the first woman to command a Space Shuttle.")
    page.get_by_label("Credit").fill("NASA")
    page.get_by_label("Copyright").fill("Public domain")
    page.get_by_label("Tags").fill("space, portrait")
    page.get_by_label("File name of a download").fill("Eileen Collins.jpg")
    page.get_by_label("File name of a download").blur()
    page.mouse.move(0, 0)


def _save(png: bytes, file: Path) -> None:
    """Saves the picture as WebP, at the best quality at which it has at most MAX_BYTES."""
    with Picture.open(BytesIO(png)) as picture:
        for quality in QUALITIES:
            picture.convert("RGB").save(file, quality=quality, method=6)
            if file.stat().st_size <= MAX_BYTES:
                return
    raise SystemExit(f"{file} has more than {MAX_BYTES:,} bytes at quality {QUALITIES[-1]}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
