"""A part of an image at another size."""

from math import ceil
from typing import TYPE_CHECKING

from PIL import Image

from imageservice.core.rendition_plan import Light
from imageservice.engine.pixels.bit_depth import BAND_PIXELS, banded
from imageservice.engine.pixels.geometry import Box
from imageservice.engine.pixels.linear_light import MODES, resize_linear

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

# How much of the shrinking is left to Lanczos after averaging over whole boxes.
_BOX_GAP = 2.0
_PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}


def resize(
    image: Image.Image,
    size: tuple[int, int],
    box: Box,
    light: Light = "linear",
    profile: bytes | None = None,
    numbers: "NDArray[uint8] | None" = None,
) -> Image.Image:
    """`box` of the image at `size`, by Lanczos. `profile` says which light its numbers stand for; None is sRGB.

    `numbers` are the image's, rows × columns × channels, where they are at hand: it saves copying them.

    Linear light, or in gamma the numbers as they are: these are averaged over whole boxes as far as twice the size.
    Lab is always mixed as it is. No color bleeds out of transparent pixels.
    """
    if image.size == size and box == (0.0, 0.0, float(size[0]), float(size[1])):
        return image.copy()
    if light == "linear" and image.mode in MODES:
        return resize_linear(image, size, box, profile, numbers)
    if image.mode in _PREMULTIPLIED:
        return _resize_premultiplied(image, size, box)
    return image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=_BOX_GAP)


def _resize_premultiplied(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    mode = _PREMULTIPLIED[image.mode]
    across, down = ((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])
    factors = max(1, int(across / _BOX_GAP)), max(1, int(down / _BOX_GAP))
    left, top, right, bottom = int(box[0]), int(box[1]), ceil(box[2]), ceil(box[3])
    rows = max(1, BAND_PIXELS // image.width // factors[1]) * factors[1]
    whole = (left, top, right, bottom) == (0, 0, *image.size)
    part = image if whole else image.crop((left, top, right, bottom))
    averaged = banded(
        part,
        mode,
        (ceil(part.width / factors[0]), ceil(part.height / factors[1])),
        rows,
        lambda upper, lower: part.crop((0, upper, part.width, lower)).convert(mode).reduce(factors),
    )
    inner = (
        (box[0] - left) / factors[0],
        (box[1] - top) / factors[1],
        (box[2] - left) / factors[0],
        (box[3] - top) / factors[1],
    )
    return averaged.resize(size, Image.Resampling.LANCZOS, box=inner).convert(image.mode)
