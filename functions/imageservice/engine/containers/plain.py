"""JPEG and TIFF: Pillow reads their headers, and only their headers, by itself."""

from math import ceil
from typing import IO, cast

from PIL import Image, JpegImagePlugin, TiffImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import exif
from imageservice.engine.containers.bounded_file import Source, decoding
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sniff import refused

_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_LEAST_SIDE, _ROWS, _PART = 200, 32, 50
# A block of pixels of one colour takes at most some 40 bits, so the bytes repeat after 40 at the latest; the last two
# may differ. Eight bytes that do so by chance are rarer than any other damage.
_LONGEST_PERIOD, _REPEATED, _PADDING = 40, 8, 2

# The limits of this package are checked before any pixel is decoded, for every format alike.
Image.MAX_IMAGE_PIXELS = None

_BITS_PER_SAMPLE = 258
_CFA, _LINEAR_RAW = 32803, 34892
_DNG_VERSION, _SUBFILE, _SUB_IFDS = 50706, 254, 330
ALPHA_MODES = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


def open_jpeg(source: Source) -> JpegImagePlugin.JpegImageFile:
    """The first picture of the file: an MPO's further ones are another eye's view or a depth map."""
    source.seek(0)
    with decoding("JPEG", source):
        return JpegImagePlugin.JpegImageFile(cast(IO[bytes], source))


def open_tiff(source: Source) -> TiffImagePlugin.TiffImageFile:
    """The first page of the file."""
    source.seek(0)
    with decoding("TIFF", source):
        return TiffImagePlugin.TiffImageFile(cast(IO[bytes], source))


def read_jpeg(source: Source) -> Header:
    image = open_jpeg(source)
    if not image.tile:
        raise ImageRejected("The JPEG is cut off: it has no pixels.")
    return Header("jpeg", *image.size, orientation=exif.orientation(image.info.get("exif")))


def read_tiff(source: Source) -> Header:
    image = open_tiff(source)
    tags = image.tag_v2
    reduced = bool(tags.get(_SUBFILE, 0) & 1)
    if _DNG_VERSION in tags or tags.get(262) in (_CFA, _LINEAR_RAW) or (reduced and _SUB_IFDS in tags):
        raise refused("Camera RAW (DNG, NEF, ARW and the like)")
    # Pillow turns a TIFF upright as it decodes it, so nothing is left to do.
    return Header("tiff", *image.size, alpha=has_alpha(image))


def has_alpha(image: Image.Image) -> bool:
    return image.mode in ALPHA_MODES


def sample_bits(image: Image.Image) -> int:
    """How many of a 16-bit sample's bits a TIFF uses: 12 in some scans."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return 12 if image.tag_v2.get(_BITS_PER_SAMPLE) == (12,) else 16
    return 16


def is_filled_in(image: Image.Image, scale: float, source: Source, start: int) -> bool:
    """Whether a JPEG's lower end is what libjpeg fills in where the pixels, which begin at `start`, end too early.

    libjpeg goes on in the last colour and warns, which Pillow doesn't pass on. A border of one colour looks the same,
    but was coded as the same few bits over and over; what was cut off ends in the middle of a picture. Told of baseline
    JPEGs at least 200 pixels wide and high, of which a fiftieth or more is missing: others can't be told apart.
    `image` was decoded at 1/`scale` of its size.
    """
    rows = ceil(max(_ROWS, image.height * scale / _PART) / scale)
    if "progressive" in image.info or min(image.size) * scale < _LEAST_SIDE:
        return False
    lower = image.crop((0, image.height - rows, *image.size)).getextrema()
    bands = lower if isinstance(lower[0], tuple) else (lower,)
    if any(low != high for low, high in bands):
        return False
    data = source.at(start, source.size)
    coded = data[: data.find(_END_OF_IMAGE)][:-_PADDING]
    end = coded[-_REPEATED:]
    return not any(end == coded[-_REPEATED - back : -back] for back in range(1, _LONGEST_PERIOD + 1))


def scans(source: Source, start: int) -> int:
    """How many scans a JPEG has whose first one's data begin at `start`."""
    return 1 + source.at(start, source.size).count(_START_OF_SCAN)
