"""While an image is not there, a page may show a placeholder; in a real browser."""

import httpx
import pytest
from playwright.sync_api import Browser
from service import Service


@pytest.mark.parametrize("kind", ["gray", "transparent"])
def test_a_page_shows_a_placeholder_instead_of_a_broken_image(
    service: Service, browser: Browser, kind: str
) -> None:
    link = f"{service.stack.outputs['CdnUrl']}/images/not/there.jpg?w=300&fallback={kind}"
    page = browser.new_page()
    page.set_content(f"<img src='{link}' width='200' height='100'>")
    page.wait_for_function("() => document.images[0].complete")
    assert page.evaluate("() => document.images[0].naturalWidth") == 320
    page.set_content(f"<img src='{link.partition('?')[0]}'>")
    page.wait_for_function("() => document.images[0].complete")
    assert (
        page.evaluate("() => document.images[0].naturalWidth") == 0
    )  # the broken image that a page has without
    page.close()


def test_programs_still_see_that_the_image_is_not_there(service: Service) -> None:
    answer = httpx.get(f"{service.stack.outputs['CdnUrl']}/images/not/there.jpg?fallback=gray")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "image/svg+xml")
    assert answer.headers["cache-control"] == "no-store"
