"""`srcset` and `<picture>`: what a page offers its browser."""

import pytest

from imageservice.core.manifest import Manifest, Rendition
from imageservice.core.picture import srcset_by_format


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
