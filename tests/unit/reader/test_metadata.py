"""GET /metadata/{id}: the manifest, ready for a page."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from read_world import NO_EDGE, manifest

from imageservice.core.errors import RequestInvalid
from reader.responses import matches

Read = Callable[..., dict[str, Any]]
READY = {"placeholder": "data:image/webp;base64,UklGRg==", "color": "#a0b0c0"}


def metadata(read: Read, image_id: str = "a.jpg", **more: Any) -> dict[str, Any]:
    answer = read(f"/metadata/{image_id}", known=manifest(image_id, **READY), **more)
    assert answer["statusCode"] == 200
    content: dict[str, Any] = json.loads(answer["body"])
    return content


class Tags(HTMLParser):
    """Each start tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))


def test_the_manifest_is_all_there(read: Read) -> None:
    content = metadata(read)
    assert {
        name: content[name]
        for name in ("id", "status", "revision", "width", "height", "color", "placeholder")
    } == {
        "id": "a.jpg",
        "status": "READY",
        "revision": 1,
        "width": 1600,
        "height": 1200,
        **READY,
    }


def test_every_rendition_has_its_link(read: Read) -> None:
    links = [rendition["url"] for rendition in metadata(read)["renditions"]]
    assert f"https://cdn.example/renditions/a.jpg/{1:016x}/thumb.webp" in links
    assert len(set(links)) == 12


def test_there_is_a_srcset_for_each_format_by_rising_width_without_crops(read: Read) -> None:
    srcset = metadata(read)["srcset"]
    assert list(srcset) == ["avif", "webp", "jpeg"]
    assert srcset["webp"] == (
        "https://cdn.example/images/a.jpg?size=w320&format=webp 320w, "
        "https://cdn.example/images/a.jpg?size=w640&format=webp 640w, "
        "https://cdn.example/images/a.jpg?size=w1280&format=webp 1280w"
    )


def test_the_html_offers_the_best_formats_first_and_has_an_img_for_every_browser(read: Read) -> None:
    tags = Tags(metadata(read)["picture"]).all
    assert [tag for tag, _ in tags] == ["picture", "source", "source", "img"]
    assert [attributes.get("type") for _, attributes in tags[1:3]] == ["image/avif", "image/webp"]
    assert tags[3][1]["src"] == "https://cdn.example/images/a.jpg?size=w1280&format=jpeg"


def test_the_html_keeps_the_images_room_before_it_arrives(read: Read) -> None:
    image = Tags(metadata(read)["picture"]).all[-1][1]
    assert (image["width"], image["height"]) == ("1280", "960")


def test_the_html_shows_color_and_placeholder_meanwhile(read: Read) -> None:
    image = Tags(metadata(read)["picture"]).all[-1][1]
    assert image["style"] == (
        "max-width:100%;height:auto;background:#a0b0c0 url(data:image/webp;base64,UklGRg==) center/cover"
    )


def test_the_html_puts_nothing_behind_a_transparent_image(read: Read) -> None:
    known = {**manifest("a.png", **READY), "alpha": True}
    content = json.loads(read("/metadata/a.png", known=known)["body"])
    assert content["alpha"] is True
    assert Tags(content["picture"]).all[-1][1]["style"] == "max-width:100%;height:auto"


def image_of(read: Read, **query: str) -> dict[str, str | None]:
    html = metadata(read, query=query)["picture"]
    return Tags(html).all[-1][1]


def test_a_lazy_image_takes_its_width_from_the_page_where_the_browser_can(read: Read) -> None:
    image = image_of(read)
    assert (image["loading"], image["sizes"]) == ("lazy", "auto, (max-width: 1280px) 100vw, 1280px")
    assert "fetchpriority" not in image


def test_a_hero_is_loaded_at_once_and_first(read: Read) -> None:
    image = image_of(read, loading="eager", fetchpriority="high")
    assert (image["loading"], image["fetchpriority"]) == ("eager", "high")
    assert image["sizes"] == "(max-width: 1280px) 100vw, 1280px"  # auto would need a lazy image


def test_a_page_may_say_how_wide_it_shows_the_image_and_what_it_is(read: Read) -> None:
    image = image_of(read, sizes="(min-width: 60em) 20em, 100vw", alt="A red chair", **{"class": "card wide"})
    assert image["sizes"] == "(min-width: 60em) 20em, 100vw"
    assert (image["alt"], image["class"]) == ("A red chair", "card wide")


def test_without_a_text_the_image_is_decoration(read: Read) -> None:
    assert image_of(read)["alt"] == image_of(read, alt="")["alt"] == ""


def test_every_source_has_the_sizes_of_the_image(read: Read) -> None:
    tags = Tags(metadata(read, query={"sizes": "33vw"})["picture"]).all
    assert [attributes.get("sizes") for tag, attributes in tags if tag != "picture"] == ["33vw"] * 3


def test_without_style_nothing_in_the_html_needs_an_exception_of_a_page_policy(read: Read) -> None:
    html = metadata(read, query={"style": "none"})["picture"]
    assert all(not {"style", "onload", "onerror"} & attributes.keys() for _, attributes in Tags(html).all)


def test_the_parts_are_the_attributes_of_the_html(read: Read) -> None:
    content = metadata(read, query={"alt": '"><b>', "style": "none"})
    tags = Tags(content["picture"]).all
    assert content["parts"]["sources"] == [attributes for tag, attributes in tags if tag == "source"]
    assert content["parts"]["img"] == tags[-1][1]


@pytest.mark.parametrize(
    "query",
    [
        {"loading": "soon"},
        {"loading": ""},
        {"fetchpriority": "highest"},
        {"style": "fancy"},
        {"alt": "x" * 501},
        {"sizes": "x" * 201},
        {"class": "a\nb"},
    ],
)
def test_what_html_can_not_have_is_a_bad_request(read: Read, query: dict[str, str]) -> None:
    with pytest.raises(RequestInvalid, match=f"^{next(iter(query))} must"):
        metadata(read, query=query)


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(alt=_TEXT, sizes=_TEXT, css_class=_TEXT)
def test_no_text_breaks_out_of_its_attribute(read: Read, alt: str, sizes: str, css_class: str) -> None:
    content = metadata(read, query={"alt": alt, "sizes": sizes, "class": css_class})
    tags = Tags(content["picture"]).all
    assert [tag for tag, _ in tags] == ["picture", "source", "source", "img"]
    image = tags[-1][1]
    assert (image["alt"], image["sizes"]) == (alt, sizes or "auto, (max-width: 1280px) 100vw, 1280px")
    assert image.get("class", "") == css_class


def test_an_id_can_not_break_out_of_the_html(read: Read) -> None:
    html = metadata(read, """"><script>'&.jpg""")["picture"]
    assert [tag for tag, _ in Tags(html).all] == ["picture", "source", "source", "img"]


def test_a_comma_in_an_id_does_not_split_a_srcset(read: Read) -> None:
    candidates = metadata(read, "a, b.jpg")["srcset"]["avif"].split(", ")
    assert len(candidates) == 3


def test_links_in_answers_of_the_api_itself_are_at_the_cdn(read: Read) -> None:
    """As a backend asks, which puts them into pages."""
    odd = "50% off é.jpg"
    content = metadata(read, odd, edge=NO_EDGE, cdn="https://d1.cloudfront.net")
    assert content["url"] == f"https://d1.cloudfront.net/images/{quote(odd)}"
    assert all(
        one["url"].startswith("https://d1.cloudfront.net/renditions/") for one in content["renditions"]
    )


def test_links_to_the_api_itself_are_encoded_for_its_two_decodings(read: Read) -> None:
    odd = "50% off.jpg"
    assert metadata(read, odd, edge=NO_EDGE)["url"] == "https://api.example/images/" + quote(quote(odd))


def test_what_the_reader_has_is_not_sent_again(read: Read) -> None:
    known = manifest("a.jpg")
    etag = read("/metadata/a.jpg", known=known)["headers"]["etag"]
    answer = read("/metadata/a.jpg", known=known, if_none_match=f'"other", W/{etag}')
    assert (answer["statusCode"], answer["body"], answer["headers"]["etag"]) == (304, "", etag)


def test_another_revision_has_another_entity_tag(read: Read) -> None:
    assert (
        len({read("/metadata/a.jpg", known=manifest("a.jpg", each))["headers"]["etag"] for each in (1, 2)})
        == 2
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", False),
        ("*", True),
        ('"x"', True),
        ('W/"x"', True),
        ('"y", "x"', True),
        ('"y"', False),
        ("x", False),
    ],
)
def test_if_none_match_is_compared_weakly(header: str, expected: bool) -> None:
    assert matches(header, '"x"') is expected
