"""Links and <img> for a site's pages, made without asking the service."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imageservice.core.errors import ImageIdInvalid
from imageservice_web import ImageLinks

LINKS = ImageLinks("https://images.example.com")
HOSTILE = "\"><script>alert(1)</script> onerror=x ' & </img>"


class Tags(HTMLParser):
    """Every tag with its attributes, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def only_tag(html: str) -> dict[str, str | None]:
    [(tag, attributes)] = Tags(html).found
    assert tag == "img"
    return attributes


@example(image_id="shoes/red chair é+%?#&.jpg")
@given(
    image_id=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)
)
def test_a_link_leads_to_exactly_its_id(image_id: str) -> None:
    try:
        link = urlsplit(LINKS.image_url(image_id, width=300))
    except ImageIdInvalid:
        return
    assert (link.netloc, link.query) == ("images.example.com", "w=300")
    assert unquote(link.path) == f"/images/{image_id}"


def test_a_link_carries_what_it_was_given_and_no_more() -> None:
    assert LINKS.image_url("a.jpg") == "https://images.example.com/images/a.jpg"
    link = LINKS.image_url("a.jpg", width=300, dpr=1.5, format="webp")
    assert parse_qs(urlsplit(link).query) == {"w": ["300"], "dpr": ["1.5"], "format": ["webp"]}


@pytest.mark.parametrize("image_id", ["", "a/../b", "a\nb", "x" * 970])
def test_an_id_that_no_image_can_have_is_refused_where_the_link_is_made(image_id: str) -> None:
    with pytest.raises(ImageIdInvalid):
        LINKS.image_url(image_id)


def test_an_image_reserves_its_space_and_lets_the_browser_choose() -> None:
    image = only_tag(LINKS.image("a.jpg", alt="Red shoes", width=1600, height=1200))
    assert (image["width"], image["height"], image["alt"]) == ("1600", "1200", "Red shoes")
    assert (image["loading"], image["sizes"]) == ("lazy", "auto, 100vw")
    assert [each.rpartition(" ")[2] for each in str(image["srcset"]).split(", ")] == [
        "320w",
        "640w",
        "1280w",
        "1920w",
    ]


def test_a_hero_is_loaded_at_once_and_first() -> None:
    image = only_tag(LINKS.image("a.jpg", alt="", width=16, height=9, priority=True))
    assert (image["loading"], image["fetchpriority"], image["sizes"]) == ("eager", "high", "100vw")


def test_nothing_given_breaks_out_of_its_attribute() -> None:
    image = only_tag(
        LINKS.image(f"a{HOSTILE}", alt=HOSTILE, width=1, height=1, sizes=HOSTILE, css_class=HOSTILE)
    )
    assert image["alt"] == image["class"] == image["sizes"] == HOSTILE
    assert set(image) == {"src", "srcset", "sizes", "alt", "width", "height", "loading", "decoding", "class"}
