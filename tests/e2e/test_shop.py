"""docs/examples/shop in Chromium, against the service: upload, reject, replace, grid and hero."""

import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from dev.checks import ROOT
from imageservice.core.image_text import text_of
from imageservice_operator.operations import images
from imageservice_operator.operations.stack import Stack

SHOP = ROOT / "docs/examples/shop/shop.py"


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Iterator[str]:
    spec = importlib.util.spec_from_file_location("shop", SHOP)
    assert spec is not None
    module: Any = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    sys.modules["shop"] = module  # dataclasses looks there for the annotations' names
    spec.loader.exec_module(module)
    server = make_server("127.0.0.1", 0, module.make_app(module.ImageService.of_stack(stack)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test if its console shows an error."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def upload(page: Page, shop: str, photo: Path, name: str, product: str = "") -> None:
    page.goto(f"{shop}/admin")
    if product:
        page.get_by_label("Product").select_option(label=product)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Photo").set_input_files(photo)
    page.get_by_role("button", name="Upload").click()


def shown(page: Page) -> dict[str, Any]:
    """The page's only image, once it is there."""
    image = page.locator("main img")
    expect(image).to_have_js_property("complete", True)
    return dict(image.evaluate("i => ({file: i.currentSrc, width: i.naturalWidth, height: i.naturalHeight})"))


def test_a_photo_is_uploaded_and_on_sale(page: Page, shop: str, samples: Path) -> None:
    upload(page, shop, samples / "landscape-orientation6.jpg", "Lake <b>")
    page.wait_for_url(f"{shop}/products/*")
    expect(page.get_by_role("heading", name="Lake <b>")).to_be_visible()
    lake = shown(page)
    # Upright: the camera stored it sideways.
    assert lake["width"] / lake["height"] == pytest.approx(1.5, abs=0.01)


def test_a_photo_has_the_text_and_the_focal_point_of_the_form(
    page: Page, shop: str, stack: Stack, samples: Path
) -> None:
    page.goto(f"{shop}/admin")
    page.get_by_label("Name").fill("Described")
    page.get_by_label("Photo").set_input_files(samples / "trees-small.png")
    page.get_by_text("About the photo").click()
    page.get_by_label("Alternative text").fill("Bäume <b>")
    page.get_by_label("Credit").fill("Zoë")
    page.get_by_label("Tags").fill("tree, sky, tree")
    preview = page.locator("#preview")
    expect(preview).to_be_visible()
    box: Any = preview.bounding_box()
    preview.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.5})
    across, down = map(float, page.get_by_label("What crops must show").input_value().split(","))
    assert (across, down) == pytest.approx((0.75, 0.5), abs=0.01)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(f"{shop}/products/*")
    expect(page.get_by_role("img", name="Bäume <b>")).to_be_visible()
    found = images.get(stack, f"shop/{page.url.rpartition('/')[2]}")
    assert text_of(found.item) == {"alt": "Bäume <b>", "credit": "Zoë", "tags": ["tree", "sky"]}
    assert found.source["focus"] == f"{across:g},{down:g}"


def test_a_rejected_photo_says_why_and_nothing_is_put_on_sale(page: Page, shop: str, samples: Path) -> None:
    upload(page, shop, samples / "broken-header.jpg", "Broken")
    expect(page.get_by_role("status")).to_contain_text("JPEG")
    page.goto(shop)
    expect(page.get_by_role("listitem").filter(has_text="Broken")).to_have_count(0)


def test_a_replaced_photo_is_the_new_one_at_once(page: Page, shop: str, samples: Path) -> None:
    upload(page, shop, samples / "trees-alpha.png", "Lake <b>", product="Lake <b>")
    page.wait_for_url(f"{shop}/products/*")
    trees = shown(page)
    assert trees["width"] / trees["height"] != pytest.approx(1.5, abs=0.01)
    page.goto(shop)
    expect(page.get_by_role("listitem").filter(has_text="Lake <b>")).to_have_count(1)


def test_a_grid_loads_what_it_shows_and_nothing_moves(browser: Browser, shop: str) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.add_init_script(
        "window.shift = 0;"
        "new PerformanceObserver(list => { for (const each of list.getEntries()) window.shift += each.value })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(shop, wait_until="networkidle")
    image = page.locator("main img").first
    asked = image.evaluate("i => ({shown: i.clientWidth * devicePixelRatio, loaded: i.naturalWidth})")
    assert asked["shown"] <= asked["loaded"] <= 2 * asked["shown"]
    assert page.evaluate("window.shift") == 0
    context.close()


def test_a_form_is_refused_where_the_service_is_gone(shop: str, browser: Browser, samples: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route(
        "**/admin/forms",
        lambda route: route.fulfill(status=502, json={"detail": "The image service is away."}),
    )
    upload(page, shop, samples / "trees-alpha.png", "Away")
    expect(page.get_by_role("status")).to_have_text("The image service is away.")
    context.close()
