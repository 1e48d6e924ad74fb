"""The focal point by a click on the picture, in Chromium."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from service import Service

from imageservice_operator.operations import images

PHOTO = "photos/to focus.jpg"


@pytest.fixture(scope="module")
def focused(console: Service, small_photo: bytes) -> str:
    console.upload(small_photo, PHOTO)
    console.reaches(PHOTO, "READY")
    return f"/image?id={PHOTO}"


def crops(console: Service) -> set[str]:
    return {each["key"] for each in images.get(console.stack, PHOTO).renditions if each["size"] == "thumb"}


def test_a_click_on_the_picture_moves_the_crops_there(
    open_page: Callable[..., Page], console: Service, focused: str
) -> None:
    before = crops(console)
    page = open_page(focused)
    page.get_by_text("Focal point…").click()
    picture = page.locator(".focus-picture")
    box: Any = picture.bounding_box()
    picture.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.5})
    field = page.get_by_label("From the left and the top")
    across, down = map(float, field.input_value().split(","))
    assert (across, down) == pytest.approx((0.75, 0.5), abs=0.01)
    expect(page.locator(".focus-picture circle.rim")).to_have_attribute("cx", f"{100 * across:g}%")
    page.get_by_role("button", name="Set", exact=True).click()
    console.settled(PHOTO, revision=2)
    assert images.get(console.stack, PHOTO).source["focus"] == f"{across:g},{down:g}"
    assert crops(console).isdisjoint(before)
    expect(page.locator(".facts")).to_contain_text(f"Focal point{across:g},{down:g}")


@pytest.mark.parametrize("typed", ["the middle", "1.5,0", "0.5", ""])
def test_what_is_no_focal_point_is_not_even_sent(
    open_page: Callable[..., Page], focused: str, typed: str
) -> None:
    page = open_page(focused)
    page.get_by_text("Focal point…").click()
    field = page.get_by_label("From the left and the top")
    field.fill(typed)
    page.get_by_role("button", name="Set", exact=True).click()
    expect(field).to_have_js_property("validity.valid", False)
    expect(field).to_be_focused()


def test_the_focal_point_is_taken_away_by_a_button(
    open_page: Callable[..., Page], console: Service, focused: str
) -> None:
    page = open_page(focused)
    page.get_by_text("Focal point…").click()
    page.get_by_role("button", name="Take it away").click()
    console.settled(PHOTO, revision=3)
    assert "focus" not in images.get(console.stack, PHOTO).source
