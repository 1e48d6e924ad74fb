"""Every page by keyboard, in light and dark, on a phone, and as axe-core judges it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from service import Service

AXE = Path(__file__).parents[3] / ".venv/node/node_modules/axe-core/axe.min.js"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
READY, REJECTED, FAILED = "photos/a view.jpg", "photos/broken.jpg", "photos/stopped.jpg"


@pytest.fixture(scope="module")
def addresses(console: Service, samples: Path, small_photo: bytes) -> dict[str, str]:
    """One page of each kind, with something on it."""
    console.upload(small_photo, READY)
    console.upload(samples / "broken-header.jpg", REJECTED)
    console.upload(samples / "landscape-orientation2.jpg", FAILED)
    states = console.stack.client("stepfunctions")
    execution = console.executed(FAILED)
    states.stop_execution(executionArn=execution, error="StoppedByATest", cause="To have a failure to show.")
    console.reaches(READY, "READY")
    console.reaches(REJECTED, "REJECTED")
    console.reaches(FAILED, "FAILED")
    return {
        "images": "/",
        "nothing found": "/?q=nowhere",
        "ready": "/image?id=photos/a+view.jpg",
        "rejected": "/image?id=photos/broken.jpg",
        "failed": "/image?id=photos/stopped.jpg",
        "succeeded": f"/execution?arn={console.executed(READY)}",
        "stopped": f"/execution?arn={execution}",
        "failures": "/failures",
        "executions": "/executions",
        "overview": "/overview",
    }


PAGES = (
    "overview",
    "images",
    "nothing found",
    "ready",
    "rejected",
    "failed",
    "succeeded",
    "stopped",
    "failures",
    "executions",
)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_to_object_to_in_light_or_dark(
    name: str, addresses: dict[str, str], open_page: Callable[..., Page]
) -> None:
    page = open_page(addresses[name], color_scheme="light")
    page.locator("details").evaluate_all("all => all.forEach((each) => (each.open = true))")
    page.evaluate(AXE.read_text())
    judged: dict[str, list[dict[str, Any]]] = page.evaluate("axe.run()")
    found = judged["violations"] + [each for each in judged["incomplete"] if not _is_of_drawn_text(each)]
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("axe.run({ runOnly: ['color-contrast'] })")["violations"]
    objections = [
        (each["id"], node["target"], node["failureSummary"]) for each in found for node in each["nodes"][:3]
    ]
    assert objections == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_sideways(
    name: str, addresses: dict[str, str], open_page: Callable[..., Page]
) -> None:
    page = open_page(addresses[name], **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_dark_is_dark_and_light_is_light(addresses: dict[str, str], open_page: Callable[..., Page]) -> None:
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    assert max(open_page("/", color_scheme="dark").evaluate(ground)) < 40
    assert min(open_page("/", color_scheme="light").evaluate(ground)) > 230


def test_the_keyboard_alone_reaches_an_execution_and_replays_it(
    addresses: dict[str, str], open_page: Callable[..., Page]
) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    _tab_to(page, "stopped.jpg")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(FAILED)
    _tab_to(page, "See what happened")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Workflow")).to_be_visible()
    _tab_to(page, "Replay")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "what has the focus can't be seen"
    page.keyboard.press("Enter")
    expect(page.locator(".title .chip")).to_have_text("Succeeded")


def test_what_is_open_and_focused_stays_while_the_page_updates(
    console: Service, addresses: dict[str, str], open_page: Callable[..., Page], small_photo: bytes
) -> None:
    page = open_page("/")
    page.get_by_role("searchbox").fill("half a wo")
    console.upload(small_photo, "photos/meanwhile.jpg")
    expect(page.locator(".card", has_text="meanwhile.jpg").locator(".chip")).to_have_text("Ready")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("half a wo")
    expect(page.locator("#announcer")).to_contain_text("photos/meanwhile.jpg: Ready")


def _is_of_drawn_text(finding: dict[str, Any]) -> bool:
    """Whether axe only could not see what is behind text in an SVG."""
    return finding["id"] == "color-contrast" and all(
        node["html"].startswith("<text") for node in finding["nodes"]
    )


def _tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if name in page.evaluate("document.activeElement.innerText || ''"):
            return
    pytest.fail(f"sixty presses of Tab do not reach {name}")
