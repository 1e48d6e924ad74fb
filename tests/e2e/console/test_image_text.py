"""What people say about an image, set by the form on its page, with and without scripts, in Chromium."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from service import Service

from imageservice.core.manifest import manifest_of
from imageservice_operator.operations import description, images

PHOTO = "photos/to describe.jpg"
HOSTILE = '"><img src=x onerror=alert(1)> \u2067שלום\u2069'


@pytest.fixture(scope="module")
def described(console: Service, small_photo: bytes) -> str:
    console.upload(small_photo, PHOTO)
    console.reaches(PHOTO, "READY")
    return f"/image?id={PHOTO}"


def text(console: Service) -> dict[str, object]:
    return dict(manifest_of(images.get(console.stack, PHOTO).item).get("text", {}))


@pytest.mark.parametrize("script", [True, False])
def test_the_form_sets_and_removes_text(
    open_page: Callable[..., Page], console: Service, described: str, script: bool
) -> None:
    description.describe(console.stack, PHOTO, {"alt": None, "credit": "Old", "tags": ["x"]})
    page = open_page(described, java_script_enabled=script)
    page.get_by_text("Text…").click()
    page.get_by_label("Alternative text").fill(HOSTILE)
    page.get_by_label("Caption").fill("One\nTwo")
    page.get_by_label("Credit").fill("")
    page.get_by_label("Tags").fill(" red , sale,, red")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".facts")).to_contain_text(HOSTILE)
    assert text(console) == {"alt": HOSTILE, "caption": "One\nTwo", "tags": ["red", "sale"]}


def test_what_someone_else_has_changed_meanwhile_is_not_overwritten(
    open_page: Callable[..., Page], console: Service, described: str
) -> None:
    page = open_page(described)
    form = {
        field: page.locator(f".text-form [name={field}]").input_value()
        for field in ("token", "id", "revision")
    }
    description.describe(console.stack, PHOTO, {"alt": "Theirs"})
    refused = page.request.post(console.page_url("/describe"), form={**form, "alt": "Mine"})
    assert refused.status == 400
    assert "has changed since" in refused.text()
    assert text(console)["alt"] == "Theirs"


def test_photos_are_uploaded_with_the_text_and_the_focal_point_that_the_form_has(
    open_page: Callable[..., Page], console: Service, small_photo: bytes
) -> None:
    page = open_page()
    page.get_by_text("Text and focal point").click()
    page.get_by_label("Alternative text").fill(HOSTILE)
    page.get_by_label("Caption").fill("One\nTwo")
    page.get_by_label("Tags").fill("red, sale")
    page.get_by_label("Focal point").fill("0.4,0.1")
    page.get_by_label("Prefix").fill("described/")
    page.locator(".drop input[type=file]").set_input_files(
        {"name": "one.jpg", "mimeType": "image/jpeg", "buffer": small_photo}
    )
    console.reaches("described/one.jpg", "READY")
    image = images.get(console.stack, "described/one.jpg")
    assert manifest_of(image.item)["text"] == {"alt": HOSTILE, "caption": "One\nTwo", "tags": ["red", "sale"]}
    assert image.source["focus"] == "0.4,0.1"
    replaced = open_page("/image?id=described/one.jpg")
    replaced.locator("#replace input[type=file]").set_input_files(
        {"name": "Zwei.jpg", "mimeType": "image/jpeg", "buffer": small_photo}
    )
    console.settled("described/one.jpg", revision=2)
    text = manifest_of(images.get(console.stack, "described/one.jpg").item)["text"]
    assert (text["filename"], text["alt"]) == ("Zwei.jpg", HOSTILE)
