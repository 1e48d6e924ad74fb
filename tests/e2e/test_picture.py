"""The `<picture>` HTML in a real browser: the images appear, in the best format, and nothing on the page moves."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, Response
from service import Service

from imageservice_operator.operations.stack import Stack


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 500, "height": 800})
    yield opened
    opened.close()


def ready(service: Service, photo: Path, image_id: str) -> dict[str, Any]:
    """The metadata, as a shop's page gets it."""
    service.upload(photo, image_id)
    assert service.settled(image_id)["status"] == "READY"
    content: dict[str, Any] = httpx.get(
        f"{service.stack.outputs['CdnUrl']}/metadata/{quote(image_id)}"
    ).json()
    return content


def shown(page: Page) -> dict[str, Any]:
    image = page.locator("img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("() => document.images[0].complete && document.images[0].naturalWidth > 0")
    state: dict[str, Any] = image.evaluate(
        "image => ({src: image.currentSrc, width: image.naturalWidth, ...image.getBoundingClientRect().toJSON()})"
    )
    return state


@pytest.fixture(scope="module")
def tomatoes(stack: Stack, samples: Path) -> dict[str, Any]:
    """The metadata of a photo that these tests show, and do not change."""
    return ready(Service(stack), samples / "tomatoes-12mp.jpg", "page/tomatoes a b%20é.jpg")


@pytest.mark.parametrize("name", ["tomatoes-12mp.jpg", "trees-alpha.png", "text-11frames.gif"])
def test_the_image_appears(service: Service, samples: Path, page: Page, name: str) -> None:
    described = ready(service, samples / name, f"page/a b%20é {name}")
    page.set_content(f"<body>{described['picture']}</body>")
    assert shown(page)["width"] > 0


def test_a_narrow_window_gets_the_smallest_avif_that_fills_it(tomatoes: dict[str, Any], page: Page) -> None:
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.set_content(f"<body style='margin:0'>{tomatoes['picture']}</body>")
    assert shown(page)["src"].endswith("size=w640&format=avif")
    assert [answer.headers["content-type"] for answer in answers if answer.ok] == ["image/avif"]


def test_the_page_does_not_move_when_the_image_arrives(tomatoes: dict[str, Any], page: Page) -> None:
    page.route("**/images/**", lambda _: None)  # never arrives
    page.set_content(f"<body style='margin:0'>{tomatoes['picture']}<p>below</p></body>", wait_until="commit")
    before = page.locator("p").bounding_box()
    page.unroute_all(behavior="ignoreErrors")
    page.set_content(f"<body style='margin:0'>{tomatoes['picture']}<p>below</p></body>")
    shown(page)
    assert before is not None
    assert before["y"] > 300
    assert page.locator("p").bounding_box() == before


def test_meanwhile_its_color_and_placeholder_are_shown(tomatoes: dict[str, Any], page: Page) -> None:
    page.route("**/images/**", lambda route: route.abort())
    page.set_content(f"<body>{tomatoes['picture']}</body>")
    background = page.locator("img").evaluate("image => getComputedStyle(image).background")
    assert tomatoes["placeholder"] in background
    assert len(tomatoes["placeholder"]) < 400


def test_a_transparent_image_shows_the_page_behind_it(service: Service, page: Page, tmp_path: Path) -> None:
    disc = Image.new("RGBA", (300, 300))
    ImageDraw.Draw(disc).ellipse((50, 50, 250, 250), (255, 0, 0, 255))
    disc.save(tmp_path / "disc.png")
    described = ready(service, tmp_path / "disc.png", "page/disc.png")
    assert described["alpha"] is True
    page.set_content(f"<body style='margin:0;background:#fff'>{described['picture']}</body>")
    state = shown(page)
    assert (state["width"], state["x"], state["y"]) == (300, 0, 0)
    pixels = Image.open(BytesIO(page.locator("img").screenshot())).convert("RGB")
    corners = [pixels.getpixel((x, y)) for x in (3, 296) for y in (3, 296)]
    assert corners == [(255, 255, 255)] * 4
    red, green, blue = pixels.getpixel((150, 150))  # type: ignore[misc]
    assert red > 245
    assert max(green, blue) < 10


def test_after_a_replacement_the_same_html_shows_the_new_image(
    service: Service, samples: Path, page: Page
) -> None:
    described = ready(service, samples / "landscape-orientation6.jpg", "page/replaced")
    service.upload(samples / "trees-alpha.png", "page/replaced")
    item = service.settled("page/replaced", 2)
    links: list[str] = []
    page.on("response", lambda answer: links.append(answer.url))
    page.set_content(f"<body>{described['picture']}</body>")
    shown(page)
    assert item["digest"] in links[-1]
