"""An operator's work: upload a photo until it is READY, break Redis, read why an upload failed, repair, replay."""

import base64
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect
from service import Service
from waiting import until

from local.redis_server import RedisServer

PHOTO = "landscape-orientation1.jpg"
REPLACEMENT = "landscape-orientation6.jpg"


def test_a_photo_is_uploaded_and_ready_broken_and_seen_to_fail_replayed_and_ready_again(
    console: Service, open_page: Callable[..., Page], samples: Path, redis: RedisServer
) -> None:
    page = open_page()
    page.evaluate("window.sameDocument = true")
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Choose photos").click()
    chooser.value.set_files(samples / PHOTO)

    card = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=PHOTO))
    expect(card.locator(".chip")).to_have_text("Ready")
    expect(card.locator(".thumb img").last).to_have_js_property("complete", True)
    assert page.evaluate("window.sameDocument"), "the page was reloaded"

    card.get_by_role("link").click()
    page.get_by_role("link", name="Latest execution").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Processing of {PHOTO}")
    expect(page.locator(".state.succeeded", has_text="Resize to each size")).to_be_visible()
    expect(page.locator(".timeline li", has_text=re.compile(r"^\s*Resize (thumb|w\d+)"))).to_have_count(5)
    page.evaluate("window.sameDocument = true")
    page.locator(".state a", has_text="Mark ready").click()
    expect(page.locator("#detail")).to_be_focused()
    expect(page.locator("#detail")).to_be_in_viewport()
    expect(page.get_by_role("heading", name="Mark ready")).to_be_visible()
    page.locator(".timeline").get_by_role("link", name="Resize w640").click()
    expect(page.get_by_role("heading", name="Resize w640")).to_be_visible()
    page.get_by_role("navigation", name="The same state").get_by_role("link", name="thumb").click()
    expect(page.get_by_role("heading", name="Resize thumb")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Resize w640")).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#detail")).to_have_count(0)
    assert page.evaluate("window.sameDocument"), "the page was loaded again"

    redis.stop()
    page.get_by_role("link", name=PHOTO).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Replace").click()
    chooser.value.set_files(samples / REPLACEMENT)
    expect(page.locator(".title .chip")).to_have_text("Failed")
    expect(page.get_by_role("region", name="What went wrong")).to_contain_text("What to do:")

    page.get_by_role("link", name="Failures").click()
    page.get_by_role("link", name="What happened").click()
    expect(page.locator(".title .chip")).to_have_text("Failed")
    expect(page.locator(".state.failed")).to_contain_text("Refresh Redis")
    expect(page.locator(".timeline li.failed")).to_contain_text("5 tries")
    page.locator(".state.failed a").click()
    panel = page.locator("#detail")
    expect(panel.get_by_role("heading", name="Refresh Redis")).to_be_visible()
    expect(panel.locator(".attempts > li")).to_have_count(5)
    expect(panel).to_contain_text("CacheUnavailable")
    panel.get_by_role("link", name="Log lines of attempt 5").click()
    expect(page.locator(".rows > li").first).to_contain_text("RefreshCacheFunction")
    page.get_by_role("navigation", name="Where you are").get_by_role("link", name=PHOTO).click()

    redis.start()
    page.get_by_role("button", name="Replay").click()
    expect(page.locator(".title .chip")).to_have_text("Succeeded")
    expect(page.get_by_text("replayed once")).to_be_visible()
    page.get_by_role("combobox", name="Type of event").select_option("ExecutionRedriven")
    page.get_by_role("search", name="Search events").get_by_role("button", name="Search").click()
    expect(page.locator(".events li")).to_have_count(1)
    page.get_by_role("link", name=PHOTO).click()
    expect(page.locator(".title .chip")).to_have_text("Ready")
    expect(page.get_by_text("Revision")).to_be_visible()
    page.get_by_role("link", name="Failures").click()
    expect(page.get_by_role("heading", name="Failures")).to_be_visible()
    expect(page.get_by_role("link", name=PHOTO)).to_have_count(0)


def test_failures_of_many_are_chosen_and_replayed_without_script_and_with_one_button(
    console: Service, open_page: Callable[..., Page], samples: Path
) -> None:
    states = console.stack.client("stepfunctions")
    ids = [f"many/{number}.jpg" for number in range(4)]
    for image_id in ids:
        console.upload(samples / PHOTO, image_id)
    stopped: set[str] = set()
    while len(stopped) < len(ids):
        listed = states.list_executions(stateMachineArn=console.stack.outputs["ProcessImageArn"])
        for each in listed["executions"]:
            arn = each["executionArn"]
            if '"many/' in states.describe_execution(executionArn=arn)["input"] and arn not in stopped:
                states.stop_execution(executionArn=arn, error="Stopped", cause="to see it replayed")
                stopped.add(arn)
    for image_id in ids:
        console.reaches(image_id, "FAILED")

    page = open_page("/failures", java_script_enabled=False)

    def are_shown() -> bool:
        """The console remembers failures for a moment, and without scripts a page does not update itself."""
        page.reload()
        return page.get_by_label(re.compile("^Choose many/")).count() == len(ids)

    until(are_shown, "all failures on the page")
    for image_id in ids[:2]:
        page.get_by_label(f"Choose {image_id}").check()
    page.get_by_role("button", name="Replay the chosen").click()
    expect(page.locator("#progress")).to_contain_text("2 chosen")

    page = open_page("/failures")
    expect(page.locator("#progress")).to_contain_text("2 of 2 done")
    expect(page.locator("#progress")).to_contain_text("2 Ready")
    chosen = page.get_by_label(f"Choose {ids[2]}")
    chosen.check()
    with page.expect_response("**/failures"):  # the page updates itself
        pass
    expect(chosen).to_be_checked()
    page.get_by_role("button", name=re.compile(r"Replay these 2\s*: Stopped")).click()
    expect(page.locator("#progress")).to_contain_text("2 of 2 done")
    expect(page.locator("#progress")).to_contain_text("Stopped")
    expect(page.locator("#progress")).to_contain_text("2 Ready")
    expect(page.get_by_role("link", name=ids[0])).to_have_count(0)


def test_what_could_not_be_delivered_is_shown_and_sent_again(
    console: Service, open_page: Callable[..., Page], samples: Path
) -> None:
    console.upload(samples / "broken-header.jpg", "late.jpg")
    console.reaches("late.jpg", "REJECTED")
    execution = console.executed("late.jpg")
    event = console.stack.client("stepfunctions").describe_execution(executionArn=execution)["input"]
    console.stack.client("sqs").send_message(
        QueueUrl=console.stack.outputs["UploadDeadLetterQueueUrl"],
        MessageBody=event,
        MessageAttributes={"ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"}},
    )
    page = open_page("/failures")
    letters = page.get_by_role("region", name="Undelivered events")
    expect(letters.get_by_role("link", name="late.jpg")).to_be_visible()
    expect(letters).to_contain_text("NO_PERMISSIONS")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#progress")).to_contain_text("1 of 1 done")
    expect(letters).to_contain_text("None.")


def test_an_image_is_removed_after_a_question(
    console: Service, open_page: Callable[..., Page], samples: Path
) -> None:
    console.upload(samples / PHOTO, "gone.jpg")
    console.reaches("gone.jpg", "READY")
    page = open_page("/image?id=gone.jpg")
    expect(page.get_by_role("button", name="Remove this image")).not_to_be_visible()
    page.get_by_text("Remove…").click()
    page.get_by_role("button", name="Remove this image").click()
    expect(page.locator(".title .chip")).to_have_text("Removed")


def test_a_bad_image_dropped_on_the_page_shows_why_and_offers_no_replay(
    console: Service, open_page: Callable[..., Page], samples: Path
) -> None:
    page = open_page()
    dropped = page.evaluate_handle(
        """([bytes]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], "truncated.jpg"));
            return carried;
        }""",
        [base64.b64encode((samples / "truncated.jpg").read_bytes()).decode()],
    )
    page.dispatch_event(".drop", "dragenter", {"dataTransfer": dropped})
    expect(page.locator(".drop")).to_have_class(re.compile("over"))
    page.dispatch_event(".drop", "drop", {"dataTransfer": dropped})
    expect(page.locator(".card", has_text="truncated.jpg").locator(".chip")).to_have_text("Rejected")
    page.get_by_role("link", name="truncated.jpg").click()
    expect(page.get_by_role("region", name="What went wrong")).to_contain_text("Rejected:")
    expect(page.get_by_role("button", name="Replay")).to_have_count(0)


@pytest.mark.parametrize("name", ["trees-alpha.png", "tomatoes-12mp.jpg"])
def test_the_preview_fills_its_box_without_strips(
    console: Service, open_page: Callable[..., Page], samples: Path, name: str
) -> None:
    image_id = f"preview/{name}"
    console.settled(console.upload(samples / name, image_id))
    page = open_page(f"/image?id={image_id}", viewport={"width": 1600, "height": 900})
    box, picture = (page.locator(each).bounding_box() for each in (".preview", ".preview img"))
    assert picture == pytest.approx(box, abs=0.5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_of_a_transparent_image_shows_through_it(
    console: Service, open_page: Callable[..., Page], tmp_path: Path, scheme: str
) -> None:
    """Its color and its placeholder would: both are of its opaque part."""
    disc = Image.new("RGBA", (700, 700), (200, 0, 0, 0))
    ImageDraw.Draw(disc).ellipse((200, 200, 500, 500), fill=(200, 0, 0, 255))
    disc.save(tmp_path / "disc.png")
    console.settled(console.upload(tmp_path / "disc.png", "disc.png"))
    for path, place in (("/", ".card:has-text('disc.png') .thumb"), ("/image?id=disc.png", ".preview")):
        page = open_page(path, color_scheme=scheme)
        box = page.locator(place)
        expect(box.locator("img").last).to_have_js_property("complete", True)
        expect(box.locator("rect")).to_have_count(0)
        expect(box.locator("img")).to_have_count(1)
        shown = Image.open(BytesIO(box.screenshot())).convert("RGB")
        red, green, _ = shown.getpixel((shown.width // 2, shown.height // 2))  # type: ignore[misc]  # RGB: a tuple
        assert red > 150
        assert green < 60
        for corner in ((20, 20), (shown.width - 20, 36)):
            levels = shown.getpixel(corner)
            assert max(levels) - min(levels) < 16, "gray, not the image's red"  # type: ignore[type-var, operator, arg-type]  # RGB
