"""JPEG: Pillow reads its header, and only its header, by itself.

Source: ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf
"""

from math import ceil
from typing import IO, cast

from PIL import Image, JpegImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import exif
from imageservice.engine.containers.bounded_file import BoundedFile, decoding
from imageservice.engine.containers.header import Header

_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
# A progressive JPEG has about ten; each one goes through all pixels, however few bytes it has.
_MAX_SCANS = 200
# The lower end that is looked at: a fiftieth of the height, at least 32 rows, in images of at least 200 pixels a side.
_LEAST_SIDE, _LEAST_ROWS, _HEIGHT_SHARE = 200, 32, 50
# A block of one color takes at most some 40 bits, so its bytes repeat after 40 bytes at the latest. The last two bytes
# may differ: they are padded. Eight bytes that repeat by chance are rarer than any other damage.
_LONGEST_PERIOD, _COMPARED, _PADDING = 40, 8, 2


def read_header(file: BoundedFile) -> Header:
    """The header of a JPEG. Raises ImageRejected."""
    image = _open(file)
    if not image.tile:
        raise ImageRejected("The JPEG is cut off: it has no pixels.")
    return Header("jpeg", *image.size, orientation=exif.orientation(image.info.get("exif")))


def decode(file: BoundedFile, least: tuple[int, int]) -> tuple[Image.Image, float]:
    """The pixels at 1, 1/2, 1/4 or 1/8 of their size, at least `least` where the file has so many, and the divisor.

    Of a file with several pictures (MPO) the first: the others are another eye's view or a depth map.
    """
    image = _open(file)
    width = image.width
    drafted = image.draft(None, least)
    scale = width / drafted[1][2] if drafted is not None else 1.0
    start = file.tell()
    if _scans(file, start) > _MAX_SCANS:
        raise ImageRejected(f"The JPEG has more than {_MAX_SCANS} scans: it was made to be slow to decode.")
    file.seek(start)
    with decoding("JPEG", file):
        image.load()
    if _ends_early(image, scale, file, start):
        raise ImageRejected("The JPEG is cut off: it ends before its last pixel.")
    return image, scale


def _open(file: BoundedFile) -> JpegImagePlugin.JpegImageFile:
    file.seek(0)
    with decoding("JPEG", file):
        return JpegImagePlugin.JpegImageFile(cast(IO[bytes], file))


def _scans(file: BoundedFile, start: int) -> int:
    """How many scans a JPEG has if the data of its first scan begin at `start`."""
    return 1 + file.at(start, file.size).count(_START_OF_SCAN)


def _ends_early(image: Image.Image, scale: float, file: BoundedFile, start: int) -> bool:
    """Whether the coded data end before the last pixel. `image` was decoded at 1/`scale` of its size.

    libjpeg repeats the last color where data are missing, and Pillow hides its warning. So a lower end of one color is
    suspect. In a whole file it is coded as the same few bits over and over; in a cut one the data end within a picture.
    This finds baseline JPEGs of at least 200 × 200 pixels that lack a fiftieth of their rows or more.
    """
    rows = ceil(max(_LEAST_ROWS, image.height * scale / _HEIGHT_SHARE) / scale)
    if "progressive" in image.info or min(image.size) * scale < _LEAST_SIDE:
        return False
    lower = image.crop((0, image.height - rows, *image.size)).getextrema()
    bands = lower if isinstance(lower[0], tuple) else (lower,)
    if any(low != high for low, high in bands):
        return False
    data = file.at(start, file.size)
    coded = data[: data.find(_END_OF_IMAGE)][:-_PADDING]
    end = coded[-_COMPARED:]
    return not any(end == coded[-_COMPARED - back : -back] for back in range(1, _LONGEST_PERIOD + 1))
