"""An image's name is shown as it is and links to its page, whatever it looks like; no part of it is ever executed."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from service import Service

HOSTILE = (
    "<img src=x onerror=alert(1)>.jpg",
    '"><script>alert(1)</script>',
    "a b+c%20é/ü.jpg",
    "../../x",
    "//elsewhere.example/x.jpg",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}.jpg",
    "&lt;b&gt;&amp;.jpg",
    "#fragment?query=1&id=2.jpg",
    " two  spaces .jpg",
    "שלום/\u202egpj.exe",
    "😀/🏔️.jpg",
    "long-" + "x" * 900 + ".jpg",
)


@pytest.fixture(scope="module", autouse=True)
def uploaded(console: Service, samples: Path, small_photo: bytes) -> None:
    for image_id in HOSTILE:
        console.upload(samples / "broken-header.jpg", image_id)
    console.upload(small_photo, f"served/{HOSTILE[0]}")
    for image_id in HOSTILE:
        console.reaches(image_id, "REJECTED")
    console.reaches(f"served/{HOSTILE[0]}", "READY")


def test_the_list_shows_each_name_as_text(open_page: Callable[..., Page]) -> None:
    page = open_page()
    shown = page.locator(".card-name bdi").evaluate_all("all => all.map((each) => each.textContent)")
    assert {*HOSTILE, f"served/{HOSTILE[0]}"} <= set(shown)
    assert page.locator("main script, main [onerror]").count() == 0


def test_each_names_link_leads_to_its_own_page_and_execution(open_page: Callable[..., Page]) -> None:
    page = open_page()
    links = dict(
        page.locator(".card a").evaluate_all(
            "all => all.map((each) => [each.querySelector('bdi').textContent, each.href])"
        )
    )
    for image_id in HOSTILE:
        page.goto(links[image_id])
        assert page.locator("h1 bdi").text_content() == image_id
        page.get_by_role("link", name="Latest execution").click()
        page.get_by_role("heading", name="Workflow").wait_for()
        assert page.locator("h1 bdi").text_content() == image_id
        page.wait_for_load_state()  # the heading is there before the styles are
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_html_to_copy_cannot_break_out_of_itself(open_page: Callable[..., Page]) -> None:
    page = open_page(f"/image?id={quote('served/' + HOSTILE[0], safe='')}")
    copied = page.locator("pre").first.text_content() or ""
    assert copied.startswith("<picture>")
    parsed = _Tags()
    parsed.feed(copied)
    assert {name for name, _ in parsed.found} == {"picture", "source", "img"}
    assert not [name for _, attributes in parsed.found for name in attributes if name.startswith("on")]


def test_a_search_for_markup_finds_it_as_text(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("searchbox").fill('"><script>')
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".card")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value('"><script>')


def test_a_file_of_such_a_name_is_uploaded_under_it(
    console: Service, open_page: Callable[..., Page], samples: Path, tmp_path: Path
) -> None:
    file = tmp_path / '"><b>é+%20.jpg'
    file.write_bytes((samples / "broken-header.jpg").read_bytes())
    page = open_page()
    page.get_by_label("Prefix").fill("päth/")
    page.locator(".drop input[type=file]").set_input_files(file)
    console.reaches(f"päth/{file.name}", "REJECTED")
    expect(page.locator(".card", has_text=file.name).locator(".chip")).to_have_text("Rejected")


def test_an_unknown_id_is_a_page_that_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page("/image?id=%3Cscript%3Ealert(1)%3C%2Fscript%3E", expect=404)
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")


class _Tags(HTMLParser):
    """The tags of a text with the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))
