"""`srcset` and `<picture>`: what a page offers its browser."""

import pytest

from imageservice.core.image_text import ImageText
from imageservice.core.manifest import Manifest, Rendition
from imageservice.core.picture import PictureOptions, figure, parts, picture, srcset_by_format


def made(size: str, width: int, height: int, format: str = "webp") -> Rendition:
    return Rendition(size=size, width=width, height=height, format=format, key=size, bytes=9)


def manifest(width: int, height: int, *renditions: Rendition) -> Manifest:
    return Manifest(
        id="a", status="READY", revision=1, width=width, height=height, renditions=list(renditions)
    )


def widths(of: Manifest, format: str = "webp") -> list[str]:
    candidates = srcset_by_format(of, lambda rendition: rendition["size"])[format].split(", ")
    return [candidate.split(" ")[1] for candidate in candidates]


@pytest.mark.parametrize("first", ["thumb", "w160"])
def test_a_crop_indistinguishable_from_the_whole_does_not_repeat_its_width(first: str) -> None:
    two = sorted([made("thumb", 160, 160), made("w160", 160, 159)], key=lambda each: each["size"] != first)
    square = manifest(1000, 994, *two, made("w320", 320, 318))
    srcset = srcset_by_format(square, lambda rendition: rendition["size"])
    assert srcset == {"webp": "w160 160w, w320 320w"}


def test_crops_of_one_width_are_offered_once_where_nothing_shows_the_whole_image() -> None:
    crops = manifest(3000, 1000, made("square", 160, 160), made("tall", 160, 240), made("hero", 400, 300))
    assert widths(crops) == ["160w", "400w"]


def test_a_width_is_offered_in_each_format() -> None:
    both = manifest(1000, 1000, made("w160", 160, 160), made("w160", 160, 160, "jpeg"))
    assert (widths(both), widths(both, "jpeg")) == (["160w"], ["160w"])


HOSTILE = "\"'><script>alert(1)</script>&amp;"


def html(text: ImageText, options: PictureOptions) -> tuple[str, str]:
    """The image's `alt` attribute, and its figure."""
    of = manifest(1000, 500, made("w320", 320, 160, "jpeg"))
    of["text"] = text
    made_of = parts(of, srcset_by_format(of, lambda each: each["key"]), lambda each: each["key"], options)
    return made_of["img"]["alt"], figure(of, picture(made_of))


def test_the_images_own_alternative_text_is_taken_unless_the_page_has_another() -> None:
    assert html({"alt": "A shoe"}, PictureOptions())[0] == "A shoe"
    assert html({"alt": "A shoe"}, PictureOptions(alt="Our shoe"))[0] == "Our shoe"
    assert html({"alt": "A shoe"}, PictureOptions(alt=""))[0] == ""
    assert html({}, PictureOptions())[0] == ""


def test_a_figure_has_what_is_to_be_shown_with_the_image() -> None:
    _, shown = html({"caption": "One\nTwo", "credit": "Ann", "copyright": "© Lee"}, PictureOptions())
    assert shown.startswith("<figure><picture>")
    caption = '<figcaption dir="auto">One<br>Two <small>Ann · © Lee</small></figcaption></figure>'
    assert shown.endswith(caption)
    assert html({"alt": "A shoe", "tags": ["a"]}, PictureOptions())[1] == ""


def test_no_text_can_end_the_markup_around_it() -> None:
    _, shown = html({"alt": HOSTILE, "caption": HOSTILE, "credit": HOSTILE}, PictureOptions())
    assert "<script" not in shown
    assert "&amp;amp;" in shown
    assert shown.count('"') == shown.replace("&quot;", "").count('"')
