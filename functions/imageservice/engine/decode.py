"""Pixels of still images: as large as needed, in L, LA, RGB, RGBA, CMYK or LAB."""

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.core.formats import FORMATS
from imageservice.core.rendition_plan import Light, Target
from imageservice.engine.containers import bmp, gif, heif, jpeg, png, tiff, webp
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.inspection import displayed_size
from imageservice.engine.pixels.bit_depth import eight_bit
from imageservice.engine.pixels.color import profile_of
from imageservice.engine.pixels.geometry import Box, crop_box, swaps_axes, to_stored
from imageservice.engine.pixels.resize import resize

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray


class _JpegScaling(NamedTuple):
    """The JPEG decoder's own scaling, which is not in linear light: it leaves at least `gap` times the target's size to
    Lanczos, and divides by `most` at most."""

    gap: float
    most: int


# In linear light, renditions score 95 and more by SSIMULACRA2 before they are encoded; a divisor of 4 costs 2 to 5.
_JPEG_SCALING: dict[Light, _JpegScaling] = {"linear": _JpegScaling(4.0, 2), "gamma": _JpegScaling(1.1, 8)}
# Of fewer pixels, all are decoded: it takes no time, and half of a small photo scores 92.
_SMALL_JPEG = 4_000_000
# Where pixels beside each other differ more, at half of the size, all are decoded after all: of text (0.008 to 0.03)
# the half scores 71 to 97, of photos (up to 0.0013) 95 to 98.
_MOST_CONTRAST, _CONTRAST_STEP = 0.0025, 16
# Of more pixels, fewer are decoded: they hold little detail, 100 MP of them 740 MB.
_LARGE_JPEG, _LARGE_GAP = 24_000_000, 2.0
_DECODERS = {
    "tiff": tiff.decode,
    "bmp": bmp.decode,
    "png": png.decode,
    "gif": gif.decode,
    "webp": webp.decode,
    "avif": heif.decode_avif,
    "heic": heif.decode_heic,
}
# libheif cuts a HEIC's clean aperture by itself and may round it otherwise.
_SIZE_TOLERANCE = {"heic": 2}
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Pixels:
    """Stored pixels in a mode that resizes well, decoded at 1/`scale` of the header's size; and their ICC profile.

    `numbers` are the image's, rows × columns × channels, where the decoder has left them: Pillow would copy them.
    """

    image: Image.Image
    profile: bytes | None
    scale: float = 1.0
    numbers: "NDArray[uint8] | None" = None


def decode_still(file: BoundedFile, header: Header, target: Target, light: Light = "linear") -> Pixels:
    """The pixels of a still image, as many as the target needs. Raises ImageRejected."""
    if header.format == "jpeg":
        gap, most = _JPEG_SCALING[light]
        pixels = header.width * header.height
        if pixels > _LARGE_JPEG:
            gap = min(gap, _LARGE_GAP)
        if pixels < _SMALL_JPEG and light == "linear":
            most = 1
        least = _least_size(header, target, gap)
        image, scale, numbers = jpeg.decode(file, least, most)
        if light == "linear" and scale > 1 and pixels <= _LARGE_JPEG and _contrast(numbers) > _MOST_CONTRAST:
            file.check_time()
            image, scale, numbers = jpeg.decode(file, least, 1)
        numbers = numbers if pixels <= _LARGE_JPEG else None  # 75 MB more for one of 100 MP
    else:
        image, scale, numbers = _DECODERS[header.format](file), 1.0, None
        _check_size(image, header)
    file.check_time()
    narrowed = eight_bit(image, header.wide_bits)
    return Pixels(narrowed, profile_of(image.info, header, narrowed.mode), scale, numbers)


def _contrast(numbers: "NDArray[uint8] | None") -> float:
    """How much pixels differ from those beside and below them: the mean square, 0 to 1, of some rows' green."""
    if numbers is None:
        return 0.0
    green = numbers[:, :, numbers.shape[2] // 2]
    rows, below = (green[first::_CONTRAST_STEP].astype("float32") / 255 for first in (0, 1))
    across = rows[:, 1:] - rows[:, :-1]
    down = below - rows[: len(below)]
    return float((across * across).mean() + (down * down).mean()) / 2


def fit(pixels: Pixels, header: Header, target: Target, light: Light = "linear") -> Image.Image:
    """The part of the pixels that the target shows: upright and of the target's size."""
    left, top, right, bottom = (edge / pixels.scale for edge in _stored_box(header, target))
    box = left, top, min(right, float(pixels.image.width)), min(bottom, float(pixels.image.height))
    size = _stored_size(header, target)
    image = resize(pixels.image, size, box, light, pixels.profile, pixels.numbers)
    return image.transpose(_TRANSPOSES[header.orientation]) if header.orientation in _TRANSPOSES else image


def _check_size(image: Image.Image, header: Header) -> None:
    difference = max(abs(image.width - header.width), abs(image.height - header.height))
    if difference > _SIZE_TOLERANCE.get(header.format, 0):
        raise ImageRejected(
            f"The {FORMATS[header.format].label} is damaged: its header says"
            f" {header.width} × {header.height} pixels, it holds {image.width} × {image.height}."
        )


def _least_size(header: Header, target: Target, gap: float) -> tuple[int, int]:
    """The size of the whole stored image at `gap` times what the target shows of it."""
    left, top, right, bottom = _stored_box(header, target)
    width, height = _stored_size(header, target)
    across, down = (right - left) / width, (bottom - top) / height
    return ceil(header.width / across * gap), ceil(header.height / down * gap)


def _stored_box(header: Header, target: Target) -> Box:
    """What the target shows, in stored pixels."""
    left, top, right, bottom = header.crop or (0, 0, header.width, header.height)
    upright = crop_box(target, *displayed_size(header))
    box = to_stored(upright, right - left, bottom - top, header.orientation)
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top


def _stored_size(header: Header, target: Target) -> tuple[int, int]:
    size = target.width, target.height
    return size[::-1] if swaps_axes(header.orientation) else size
