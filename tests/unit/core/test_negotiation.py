"""Which rendition a reader gets."""

from typing import Any

import pytest
from read_world import manifest

from imageservice.core.errors import FormatUnavailable, RequestInvalid
from imageservice.core.negotiation import RenditionQuery, choose, preferred_formats

CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
OLD_SAFARI = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (CHROME, ("avif", "webp")),
        ("image/webp,*/*", ("webp",)),
        (OLD_SAFARI, ()),
        ("*/*", ()),
        ("image/*", ()),
        ("", ()),
        ("text/html", ()),
        ("image/avif;q=0,image/webp", ("webp",)),
        ("image/avif;q=0.000, image/webp;q=0", ()),
        ("image/avif;q=0.5,image/webp", ("webp", "avif")),
        ("image/avif;q=0.5, image/jpeg", ()),
        ("image/avif;q=0.5,*/*;q=0.1", ("avif",)),
        ("IMAGE/AVIF ; Q=1 , image/webp ; q = 0.3", ("avif", "webp")),
        ("image/avif;q=high", ()),
        ("image/avif;q=7,image/webp", ("avif", "webp")),
        ("image/avif;level=1;q=0.2,image/webp;q=0.3", ("webp", "avif")),
        (",;=,;q=,image/webp", ("webp",)),
    ],
)
def test_a_modern_format_is_preferred_where_it_is_named_with_no_less_quality_than_the_fallback(
    accept: str, expected: tuple[str, ...]
) -> None:
    assert preferred_formats(accept) == expected


def chosen(query: RenditionQuery, preferred: tuple[str, ...] = (), **more: Any) -> str:
    rendition = choose(manifest("a.jpg", **more), query, preferred)
    return f"{rendition['size']}.{rendition['format']}"


@pytest.mark.parametrize(
    ("width", "expected"),
    [(1, "w320.jpeg"), (320, "w320.jpeg"), (321, "w640.jpeg"), (1280, "w1280.jpeg"), (9999, "w1280.jpeg")],
)
def test_a_width_gets_the_narrowest_rendition_that_is_as_wide_or_the_widest(
    width: int, expected: str
) -> None:
    assert chosen(RenditionQuery(width=width)) == expected


def test_a_width_never_gets_a_crop() -> None:
    assert chosen(RenditionQuery(width=100)) == "w320.jpeg"


def test_a_crop_is_had_by_its_name() -> None:
    assert chosen(RenditionQuery(size="thumb")) == "thumb.jpeg"


def test_a_square_original_has_no_crops_so_its_thumb_serves_small_widths() -> None:
    square = [
        {"size": size, "width": width, "height": width, "format": "jpeg", "key": "k", "bytes": 1}
        for size, width in (("thumb", 160), ("w320", 320))
    ]
    assert chosen(RenditionQuery(width=100), width=900, height=900, renditions=square) == "thumb.jpeg"


def test_rounding_to_whole_pixels_makes_no_crop() -> None:
    panorama = [
        {"size": "w320", "width": 320, "height": 7, "format": "jpeg", "key": "k", "bytes": 1},
        {"size": "thumb", "width": 160, "height": 160, "format": "jpeg", "key": "k", "bytes": 1},
    ]
    assert chosen(RenditionQuery(width=100), width=12001, height=271, renditions=panorama) == "w320.jpeg"


def test_where_every_rendition_is_a_crop_widths_choose_among_them() -> None:
    crops = [{"size": "thumb", "width": 160, "height": 160, "format": "jpeg", "key": "k", "bytes": 1}]
    assert chosen(RenditionQuery(width=100), renditions=crops) == "thumb.jpeg"


def test_without_size_or_width_the_largest_is_given() -> None:
    assert chosen(RenditionQuery()) == "w1280.jpeg"


def test_a_size_that_came_out_as_another_is_that_one() -> None:
    assert chosen(RenditionQuery(size="w1920")) == "w1280.jpeg"


def test_an_unknown_size_names_those_there_are() -> None:
    with pytest.raises(RequestInvalid, match="thumb, w320, w640, w1280, w1920"):
        chosen(RenditionQuery(size="huge"))


def test_the_formats_are_tried_in_the_order_preferred() -> None:
    assert chosen(RenditionQuery(size="w320"), ("webp", "avif")) == "w320.webp"


def test_a_preferred_format_that_the_image_lacks_is_passed_over() -> None:
    moving = [
        {"size": "w320", "width": 320, "height": 240, "format": name, "key": "k", "bytes": 1}
        for name in ("webp", "gif")
    ]
    assert chosen(RenditionQuery(), ("avif", "webp"), renditions=moving) == "w320.webp"


def test_the_format_asked_for_by_name_overrules_what_is_accepted() -> None:
    assert chosen(RenditionQuery(size="w320", format="webp"), ("avif",)) == "w320.webp"


def test_the_fallback_can_be_asked_for_whatever_it_is() -> None:
    assert chosen(RenditionQuery(size="w320", format="fallback"), ("avif",)) == "w320.jpeg"


def test_a_format_that_the_image_lacks_names_those_it_has() -> None:
    with pytest.raises(FormatUnavailable, match="no rendition in gif; it has avif, webp, jpeg"):
        chosen(RenditionQuery(format="gif"))
