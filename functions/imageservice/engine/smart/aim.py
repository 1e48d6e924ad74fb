"""Turns `gravity: "smart"` into a focal point: the faces, or without any, where most is to be seen."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from imageservice.core.focus import check_focus
from imageservice.core.rendition_plan import SMART, Target
from imageservice.engine.pixels.geometry import crop_box
from imageservice.engine.smart.busiest import busiest
from imageservice.engine.smart.faces import Face, faces

MOST_PIXELS, LONGEST = 320 * 320, 640
"""Of the image that is looked at: faces of a twentieth of its height are found, and it takes 30 ms."""
_LEAST = 16  # pixels on each side, of an image that can show a face
_NEAR = 1e-6


def look_size(width: int, height: int) -> tuple[int, int]:
    """The size at which an image is looked at."""
    scale = min(1.0, (MOST_PIXELS / (width * height)) ** 0.5, LONGEST / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))


def aimed(target: Target, image: Image.Image) -> Target:
    """The target with a focal point, or the center, in place of `smart`. `image` is all of the image, in RGB."""
    if target.gravity != SMART:
        return target
    left, top, right, bottom = crop_box(replace(target, gravity="center"), *image.size)
    across, down = right - left, bottom - top
    sideways = image.width - across > image.height - down
    length, whole = (across, image.width) if sideways else (down, image.height)
    place = _place(image, sideways, length, whole)
    if place is None:
        return replace(target, gravity="center")
    part = min(max(place / whole, 0.0), 1.0)
    return replace(target, gravity=check_focus(f"{part:.4f},0.5" if sideways else f"0.5,{part:.4f}"))


def _place(image: Image.Image, sideways: bool, length: float, whole: int) -> float | None:
    """The middle of the crop along the axis on which it can move, in pixels; None for the center."""
    if length >= whole:
        return None
    if min(image.size) >= _LEAST:
        found = faces(np.asarray(image))
        if found:
            return _of_faces(found, sideways, length, whole)
    gray = np.asarray(image.convert("L"))
    begin = busiest(gray if sideways else gray.T, max(1, round(length)))
    return None if begin is None else begin + length / 2


def _of_faces(found: Sequence[Face], sideways: bool, length: float, whole: int) -> float:
    """The middle of the faces that a crop of this length can show whole: the largest area of them, then centered."""
    spans = [(face.left, face.right) if sideways else (face.top, face.bottom) for face in found]
    places = [begin for span in spans for begin in (span[0], span[1] - length)]
    begins = [min(max(begin, 0.0), whole - length) for begin in places]

    def shown(begin: float) -> list[int]:
        return [
            number
            for number, (first, last) in enumerate(spans)
            if first >= begin - _NEAR and last <= begin + length + _NEAR
        ]

    def worth(begin: float) -> tuple[float, float]:
        middle = (whole - length) / 2
        return sum(found[number].area for number in shown(begin)), -abs(begin - middle)

    largest = max(range(len(found)), key=lambda number: found[number].area)
    chosen = shown(max(begins, key=worth)) or [largest]
    return (min(spans[number][0] for number in chosen) + max(spans[number][1] for number in chosen)) / 2
