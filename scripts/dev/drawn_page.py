"""A picture for the documentation, drawn as a page in Chromium."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image as Picture
from playwright.sync_api import sync_playwright

from dev.screenshots import CHROMIUM, OPTIONS


def save(file: Path, style: str, body: str, width: int) -> None:
    """Draws the HTML `body` with the CSS `style`, `width` pixels wide, and writes it into `file` as WebP."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page: Any = browser.new_page(viewport={"width": width, "height": 300})
        page.set_content(f"<!doctype html><style>{style}</style><body>{body}</body>")
        page.wait_for_function("() => [...document.images].every((image) => image.complete)")
        png = page.screenshot(full_page=True)
        browser.close()
    with Picture.open(BytesIO(png)) as picture:
        picture.convert("RGB").save(file, quality=82, method=6)
    print(f"{file}: {file.stat().st_size / 1000:.0f} kB", file=sys.stderr)
