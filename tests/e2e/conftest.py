"""The service as its users see it, and their browser."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from service import Service
from waiting import HANG_S

from imageservice_operator.operations.stack import Stack

_CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_CHROMIUM_OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture
def service(stack: Stack) -> Service:
    return Service(stack)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one Chromium of all tests: Playwright drives a single one at a time in a process."""
    expect.set_options(timeout=HANG_S * 1000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_CHROMIUM, args=_CHROMIUM_OPTIONS)
        yield started
        started.close()
