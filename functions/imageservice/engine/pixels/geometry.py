"""Which part of the stored pixels makes an upright rendition.

Stored pixels are as the file has them; upright ones as a person sees them. An orientation is EXIF's, 1 to 8.
"""

from typing import assert_never

from imageservice.core.focus import focal_point, is_focus
from imageservice.core.rendition_plan import Target

Box = tuple[float, float, float, float]
"""left, top, right, bottom"""

_HORIZONTAL = {"left": 0.0, "right": 1.0}
_VERTICAL = {"top": 0.0, "bottom": 1.0}


def swaps_axes(orientation: int) -> bool:
    """Whether upright width is stored height."""
    return orientation >= 5


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    return (height, width) if swaps_axes(orientation) else (width, height)


def crop_box(target: Target, width: int, height: int) -> Box:
    """The part of an upright image of `width` × `height` that the target shows: all of it, or for `cover` the largest
    part of the target's aspect: at the side or corner that its gravity names, or centered on its focal point as far as
    the image's edges allow."""
    match target.fit:
        case "contain":
            return 0.0, 0.0, float(width), float(height)
        case "cover":
            return _covered(target, width, height)
        case _:
            assert_never(target.fit)


def _covered(target: Target, width: int, height: int) -> Box:
    scale = min(width / target.width, height / target.height)
    # Rounding must not put the box beyond the image.
    box_width, box_height = min(target.width * scale, width), min(target.height * scale, height)
    if is_focus(target.gravity):
        across, down = focal_point(target.gravity)
        left = _centered(across * width, box_width, width)
        top = _centered(down * height, box_height, height)
        return left, top, min(left + box_width, float(width)), min(top + box_height, float(height))
    words = target.gravity.split("-")
    across = next((_HORIZONTAL[word] for word in words if word in _HORIZONTAL), 0.5)
    down = next((_VERTICAL[word] for word in words if word in _VERTICAL), 0.5)
    left, top = (width - box_width) * across, (height - box_height) * down
    return left, top, min(left + box_width, float(width)), min(top + box_height, float(height))


def _centered(place: float, length: float, whole: int) -> float:
    """Where a part of `length` begins whose middle is `place`, as far as it stays within the whole."""
    return min(max(place - length / 2, 0.0), whole - length)


def to_stored(box: Box, width: int, height: int, orientation: int) -> Box:
    """The upright `box` in stored coordinates; `width` × `height` is the stored size. Source: Exif 2.32, 4.6.4.A."""
    left, top, right, bottom = box
    if swaps_axes(orientation):
        left, top, right, bottom = top, left, bottom, right
    if orientation in (2, 3, 7, 8):
        left, right = width - right, width - left
    if orientation in (3, 4, 6, 7):
        top, bottom = height - bottom, height - top
    return left, top, right, bottom


def compose(first: int, second: int) -> int:
    """The EXIF orientation that applies `first` and then `second`."""
    matrices = {
        1: (1, 0, 0, 1),
        2: (-1, 0, 0, 1),
        3: (-1, 0, 0, -1),
        4: (1, 0, 0, -1),
        5: (0, 1, 1, 0),
        6: (0, -1, 1, 0),
        7: (0, -1, -1, 0),
        8: (0, 1, -1, 0),
    }
    a, b, c, d = matrices[second]
    e, f, g, h = matrices[first]
    product = (a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h)
    return next(number for number, matrix in matrices.items() if matrix == product)
