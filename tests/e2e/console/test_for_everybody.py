"""Every page by keyboard, in light and dark, on a phone, and as axe-core judges it."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from service import Service
from waiting import until

from imageservice_operator.operations import stories, uploads

AXE = Path(__file__).parents[3] / ".venv/node/node_modules/axe-core/axe.min.js"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# Numbers what Tab should reach: every control that is shown. Says how many there are.
NUMBERED = """() => {
  const shown = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((each) => !each.disabled && each.type !== "hidden" && each.tabIndex >= 0 && each.checkVisibility());
  shown.forEach((each, number) => (each.dataset.number = number));
  return shown.length;
}"""
# The number of what has the focus, and whether a person can see that it has: an outline, or the border of a drawn box.
FOCUSED = """() => {
  const at = document.activeElement, holder = at.type === "file" ? at.closest("label") : at;
  const box = at.querySelector(":scope > .box");
  const width = box ? parseFloat(getComputedStyle(box).strokeWidth) : parseFloat(getComputedStyle(holder).outlineWidth);
  const drawn = box || getComputedStyle(holder).outlineStyle !== "none";
  return [at.dataset.number === undefined ? null : Number(at.dataset.number), drawn && width >= 2];
}"""
# Each text in the drawing with its color, and the colors behind it with their opacities, the nearest first.
DRAWN = """() => [...document.querySelectorAll(".graph text")].map((text) => {
  const behind = [];
  for (let state = text.closest(".state"); state; state = state.parentElement.closest(".state")) {
    const style = getComputedStyle(state.querySelector(".box"));
    behind.push([style.fill, Number(style.fillOpacity)]);
  }
  behind.push([getComputedStyle(document.querySelector(".graph")).backgroundColor, 1]);
  return [text.textContent, getComputedStyle(text).fill, behind];
})"""
READY, REJECTED, FAILED = "photos/a view.jpg", "photos/broken.jpg", "photos/stopped.jpg"


@pytest.fixture(scope="module")
def addresses(console: Service, samples: Path, small_photo: bytes) -> dict[str, str]:
    """One page of each kind, with something on it."""
    console.upload(small_photo, READY)
    console.upload(samples / "broken-header.jpg", REJECTED)
    console.upload(samples / "landscape-orientation2.jpg", FAILED)
    states = console.stack.client("stepfunctions")
    execution = console.executed(FAILED)
    resize = until(lambda: _visit(console, execution, "Resize"), "a resize under way")
    states.stop_execution(executionArn=execution, error="StoppedByATest", cause="To have a failure to show.")
    console.reaches(READY, "READY")
    uploads.upload(console.stack, BytesIO(small_photo), READY)  # a replacement, which is on record
    console.settled(READY, revision=2)
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
        "state": f"/execution?{urlencode({'arn': execution, 'visit': resize.id, 'cost': 1})}",
        "comparison": f"/comparison?{urlencode({'a': execution, 'b': console.executed(READY)})}",
        "log lines": f"/execution-logs?{urlencode({'arn': console.executed(READY)})}",
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
    "state",
    "comparison",
    "log lines",
)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_to_object_to_in_light_or_dark(
    name: str, addresses: dict[str, str], open_page: Callable[..., Page]
) -> None:
    page = open_page(addresses[name], color_scheme="light")
    page.locator("details").evaluate_all("all => all.forEach((each) => (each.open = true))")
    page.evaluate(AXE.read_text())
    judged: dict[str, list[dict[str, Any]]] = page.evaluate("axe.run()")
    found = judged["violations"] + judged["incomplete"]
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("axe.run({ runOnly: ['color-contrast'] })")["violations"]
    objections = [
        (each["id"], node["html"], node["failureSummary"])
        for each in found
        for node in each["nodes"]
        if not (each in judged["incomplete"] and _is_drawn_text(each, node))
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


@pytest.mark.parametrize(
    "name", ["overview", "images", "ready", "rejected", "succeeded", "failures", "executions"]
)
def test_tab_reaches_everything_once_and_shows_where_it_is(
    name: str, addresses: dict[str, str], open_page: Callable[..., Page]
) -> None:
    page = open_page(addresses[name])
    page.evaluate("document.querySelector('main').dataset.refresh = 0")
    expected = page.evaluate(NUMBERED)
    assert expected > 5
    reached, unseen = [], []
    for _ in range(expected + 1):
        page.keyboard.press("Tab")
        number, visible = page.evaluate(FOCUSED)
        if number is None:
            break
        reached.append(number)
        if not visible:
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    assert sorted(reached) == list(range(expected))
    assert not unseen


def test_the_keyboard_alone_brings_a_replaced_image_back(
    console: Service, addresses: dict[str, str], open_page: Callable[..., Page], small_photo: bytes
) -> None:
    image_id = "photos/replaced.jpg"
    for data in (small_photo, small_photo + b" "):
        console.upload(data, image_id)
        console.settled(image_id)
    before = console.item(image_id)
    page = open_page("/image?id=photos/replaced.jpg")
    _tab_to(page, "Restore")
    page.keyboard.press("Enter")
    console.settled(image_id, before["revision"] + 1)
    acts = page.get_by_role("region", name="Who did what")
    expect(acts.get_by_role("listitem")).to_contain_text(["Restore"])
    expect(acts).to_contain_text("console")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["succeeded", "stopped"])
def test_drawn_text_stands_out_from_its_box(
    name: str, scheme: str, addresses: dict[str, str], open_page: Callable[..., Page]
) -> None:
    """As WCAG 1.4.3 asks. axe does not see what is behind text in an SVG."""
    page = open_page(addresses[name], color_scheme=scheme)
    drawn = page.evaluate(DRAWN)
    assert len(drawn) > 15
    ratios = {text: _contrast(fill, [*behind]) for text, fill, behind in drawn}
    assert {text: ratio for text, ratio in ratios.items() if ratio < 4.5} == {}


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


def _is_drawn_text(finding: dict[str, Any], node: dict[str, Any]) -> bool:
    """Whether axe only could not see what is behind text in an SVG: another test here measures that."""
    return finding["id"] == "color-contrast" and bool(node["html"].startswith("<text"))


def _visit(console: Service, execution: str, state: str) -> stories.Visit | None:
    """The first time that the execution entered the state, if it has."""
    every = stories.read(console.history(execution)).all_visits()
    return next((each for each in every if each.state == state), None)


def _tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if name in page.evaluate("document.activeElement.innerText || ''"):
            return
    pytest.fail(f"sixty presses of Tab do not reach {name}")


def _contrast(text: str, behind: list[tuple[str, float]]) -> float:
    """WCAG's contrast of a color with what is behind it, the nearest first."""
    ground = [255.0, 255.0, 255.0]
    for color, opacity in reversed(behind):
        *channels, alpha = _channels(color)
        share = alpha * opacity
        ground = [share * over + (1 - share) * under for over, under in zip(channels, ground, strict=True)]
    darker, lighter = sorted((_luminance(_channels(text)[:3]), _luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(color: str) -> list[float]:
    """Red, green and blue (0 to 255) and alpha (0 to 1) of a computed color: rgb(…) or color(srgb …)."""
    numbers = [float(each) for each in re.findall(r"[\d.]+", color.replace("srgb", ""))]
    if color.startswith("color("):
        numbers[:3] = [255 * each for each in numbers[:3]]
    return [*numbers[:3], numbers[3] if len(numbers) > 3 else 1.0]


def _luminance(channels: list[float]) -> float:
    """As WCAG defines relative luminance."""
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (each / 255 for each in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
