"""The small picture that stands for an image, and what stands there until it is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imageservice_operator.operations.images import Image

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_PLACEHOLDER = re.compile(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+")
# Every browser that shows the console reads WebP; AVIF saves least on the smallest.
_LIKED = ("webp", "jpeg", "png", "gif", "avif")


@dataclass(frozen=True)
class Thumbnail:
    """`key` names a rendition, None where there is none yet; `color` and `placeholder` are "" where unknown."""

    key: str | None
    color: str
    placeholder: str


def thumbnail_of(image: Image) -> Thumbnail:
    """The smallest rendition; colour and placeholder only if they look like what they should be."""
    color, placeholder = str(image.item.get("color", "")), str(image.item.get("placeholder", ""))
    return Thumbnail(
        key=_smallest(image.renditions),
        color=color if _COLOR.fullmatch(color) else "",
        placeholder=placeholder if _PLACEHOLDER.fullmatch(placeholder) else "",
    )


def preview_of(renditions: Sequence[Mapping[str, Any]], width: int) -> Mapping[str, Any] | None:
    """The narrowest uncropped rendition of at least that width, or the widest there is, in a format that all read."""
    whole = [each for each in renditions if each["size"] != "thumb"] or list(renditions)
    if not whole:
        return None
    enough = [each for each in whole if each["width"] >= width]
    wanted = min(each["width"] for each in enough) if enough else max(each["width"] for each in whole)
    same = [each for each in whole if each["width"] == wanted]
    return min(same, key=lambda each: _rank(each["format"]))


def _smallest(renditions: Sequence[Mapping[str, Any]]) -> str | None:
    if not renditions:
        return None
    narrowest = min(each["width"] for each in renditions)
    same = [each for each in renditions if each["width"] == narrowest]
    return str(min(same, key=lambda each: _rank(each["format"]))["key"])


def _rank(format: str) -> int:
    return _LIKED.index(format) if format in _LIKED else len(_LIKED)
