"""The `<picture>` HTML on pages as they are built: in a grid, as a hero, under a strict policy; in Chromium."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page
from read_world import manifest
from service import Service
from waiting import until

from imageservice.core.picture import PictureOptions, parts, picture, srcset_by_format
from imageservice_operator.operations.stack import Stack

GRID = "<style>body{margin:0;width:960px;display:grid;grid-template-columns:repeat(3,320px)}</style>"
POLICY = "default-src 'none'; img-src *; style-src 'nonce-page'; script-src 'nonce-page'"


@pytest.fixture(scope="module")
def link(stack: Stack, samples: Path) -> str:
    """The metadata of a photo of 2912 × 4368 pixels."""
    service = Service(stack)
    image_id = service.upload(samples / "tomatoes-12mp.jpg", "pages/tomatoes.jpg")
    assert service.settled(image_id)["status"] == "READY"
    return f"{stack.outputs['CdnUrl']}/metadata/{image_id}"


def html(link: str, **options: str) -> str:
    text: str = httpx.get(link, params=options).json()["picture"]
    return text


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1200, "height": 700})
    yield opened
    opened.close()


def shown(page: Page, content: str) -> set[str]:
    """The renditions that the page shows once all are there, as the queries of their links."""
    page.set_content(content)
    page.wait_for_function("() => [...document.images].every((each) => each.complete && each.naturalWidth)")
    sources: list[str] = page.evaluate("() => [...document.images].map((each) => each.currentSrc)")
    return {source.partition("?")[2] for source in sources}


def test_three_columns_load_what_three_columns_show(page: Page, link: str) -> None:
    """A browser that does not know the width of the column loads the size for the whole window."""
    files = {
        f"size={each['size']}&format={each['format']}": each["bytes"]
        for each in httpx.get(link).json()["renditions"]
    }
    light = shown(page, GRID + html(link) * 3)
    heavy = shown(page, GRID + html(link, sizes="(max-width: 1920px) 100vw, 1920px") * 3)
    assert light == {"size=w320&format=avif"}
    assert sum(files[each] for each in heavy) > 5 * sum(files[each] for each in light)


def test_a_hero_is_as_wide_as_the_window_and_comes_first(page: Page, link: str) -> None:
    hero = html(link, loading="eager", fetchpriority="high", sizes="100vw", alt="Tomatoes")
    assert shown(page, f"<body style='margin:0'>{hero}") == {"size=w1280&format=avif"}
    image = page.get_by_role("img", name="Tomatoes")
    assert image.evaluate("image => [image.loading, image.fetchPriority]") == ["eager", "high"]
    box = image.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (1200, 1800)


def test_decoration_is_no_image_to_a_screen_reader(page: Page, link: str) -> None:
    page.set_content(html(link))
    assert page.get_by_role("img").count() == 0


@pytest.mark.parametrize(("style", "violations"), [("none", []), ("inline", ["style-src-attr"])])
def test_a_strict_policy_needs_the_html_without_style(
    page: Page, link: str, style: str, violations: list[str]
) -> None:
    body = (
        "<script nonce=page>var broken = []; addEventListener('securitypolicyviolation', "
        "(each) => broken.push(each.effectiveDirective));</script>"
        "<style nonce=page>body{margin:0;width:320px} .photo{max-width:100%;height:auto}</style>"
        + html(link, style=style, **{"class": "photo"})
    )
    headers = {"content-security-policy": POLICY, "content-type": "text/html"}
    # Of the edge's own origin: browsers let no page of another one load from loopback.
    address = link.replace("/metadata/", "/page/")
    page.route(address, lambda route: route.fulfill(body=body, headers=headers))
    page.goto(address)
    # Not wait_for_function: it evaluates a text, which the policy forbids.
    until(lambda: page.evaluate("() => document.images[0].naturalWidth"), lambda: "the image is shown")
    assert page.evaluate("() => broken") == violations
    box = page.locator("img").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (320, 480)


def test_the_parts_make_the_same_image_where_a_page_builds_its_own_elements(page: Page, link: str) -> None:
    made: dict[str, Any] = httpx.get(link, params={"alt": "Tomatoes", "style": "none"}).json()["parts"]
    page.set_content("<body></body>")
    page.evaluate(
        """(parts) => {
            const picture = document.createElement('picture');
            const element = (name, attributes) => Object.entries(attributes).reduce(
                (made, [key, value]) => (made.setAttribute(key, value), made), document.createElement(name));
            parts.sources.forEach((each) => picture.append(element('source', each)));
            picture.append(element('img', parts.img));
            document.body.append(picture);
        }""",
        made,
    )
    assert page.evaluate("() => document.body.innerHTML") == page.evaluate(
        "(html) => { const box = document.createElement('div'); box.innerHTML = html; return box.innerHTML; }",
        html(link, alt="Tomatoes", style="none"),
    )


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40)
_HOSTILE = st.one_of(
    _TEXT,
    st.sampled_from(
        [
            '"><script>alert(1)</script>',
            "' onerror='x",
            "&quot;><b>",
            "</picture><h1>",
            "<!--",
            "&amp;lt;",
            "`${1}`",
        ]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(alt=_HOSTILE, css_class=_HOSTILE, image_id=_HOSTILE)
def test_no_text_becomes_markup_in_a_browser(page: Page, alt: str, css_class: str, image_id: str) -> None:
    known = manifest(image_id or "a")
    srcset = srcset_by_format(known, lambda each: f"about:blank?{each['size']}")
    options = PictureOptions(alt=alt, css_class=css_class)
    text = picture(parts(known, srcset, lambda each: f"about:blank?{each['size']}", options))
    tags, found_alt, found_class = page.evaluate(
        """(html) => {
            document.body.innerHTML = html;
            const image = document.querySelector('img');
            return [[...document.body.querySelectorAll('*')].map((each) => each.localName), image.alt, image.className];
        }""",
        text,
    )
    assert tags == ["picture", "source", "source", "img"]
    assert (found_alt, found_class) == (alt, css_class)
