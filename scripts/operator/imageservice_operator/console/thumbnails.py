"""The small rendition that represents an image, and the color and placeholder shown until it is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imageservice.core.formats import FALLBACKS, MODERN
from imageservice_operator.operations.images import Image

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_PLACEHOLDER = re.compile(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+")
# Every browser that can show the console reads WebP. AVIF saves little on small images.
_PREFERRED = ("webp", *(name for name in (*FALLBACKS, *MODERN) if name != "webp"))


@dataclass(frozen=True)
class Thumbnail:
    """`key` is a rendition's, None if there is none yet; `color` and `placeholder` are "" if unknown.

    Neither belongs behind a rendition that is `transparent`: they would show through it.
    """

    key: str | None
    color: str
    placeholder: str
    transparent: bool = False


def thumbnail_of(image: Image) -> Thumbnail:
    """The smallest rendition. Color and placeholder only if they have the form of one: they are put into the page."""
    color, placeholder = str(image.item.get("color", "")), str(image.item.get("placeholder", ""))
    return Thumbnail(
        key=_smallest(image.renditions),
        color=color if _COLOR.fullmatch(color) else "",
        placeholder=placeholder if _PLACEHOLDER.fullmatch(placeholder) else "",
        transparent=image.item.get("alpha") is True,
    )


def preview_of(renditions: Sequence[Mapping[str, Any]], width: int) -> Mapping[str, Any] | None:
    """The narrowest uncropped rendition of at least `width`, else the widest, in the preferred format."""
    whole = [each for each in renditions if each["size"] != "thumb"] or list(renditions)
    if not whole:
        return None
    enough = [each for each in whole if each["width"] >= width]
    chosen = min(each["width"] for each in enough) if enough else max(each["width"] for each in whole)
    same = [each for each in whole if each["width"] == chosen]
    return min(same, key=lambda each: _rank(each["format"]))


def _smallest(renditions: Sequence[Mapping[str, Any]]) -> str | None:
    if not renditions:
        return None
    narrowest = min(each["width"] for each in renditions)
    same = [each for each in renditions if each["width"] == narrowest]
    return str(min(same, key=lambda each: _rank(each["format"]))["key"])


def _rank(format: str) -> int:
    return _PREFERRED.index(format) if format in _PREFERRED else len(_PREFERRED)
