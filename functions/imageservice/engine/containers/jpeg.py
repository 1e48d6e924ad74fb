"""JPEG: its header, and its pixels by a decoder that stops at the first sign of damage.

Only what the decoder needs of the first picture is handed to it. So whatever lies behind that picture (a motion photo's
video, an MPO's further views), and odd metadata that browsers show without a word, raise no warning; and each warning
that is left speaks of damaged pixels.

Source: ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf
"""

from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, JpegImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import exif
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.jpeg_segments import (
    APP14,
    DAMAGED,
    LOSSLESS,
    PROGRESSIVE,
    SEQUENTIAL,
    Picture,
    read_frame,
    read_picture,
    segment,
)

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

_DECODED_FRAMES = {*SEQUENTIAL, PROGRESSIVE, 0xCA}
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_COLOR_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
# JPEGs store ink inverted: 255 is none.
_RAW_MODES = {"CMYK": "CMYK;I"}
_CUT_OFF = "The JPEG is cut off: it ends before its last pixel."
_CUT_OFF_AND_ENDED = "The JPEG is damaged or cut off: it ends before its last pixel."

# A progressive photo has about ten; each one goes through all pixels, however few bytes it has.
MAX_SCANS = 200
# Ten scans of the largest photo are 1,000 megapixels.
_MAX_SCANNED_PIXELS = 4_000_000_000
_MOST_DIVIDED = 8
# The strict decoder's messages.
_PREMATURE_END, _RARE_SAMPLING = "premature end", "subsampling"


def read_header(file: BoundedFile) -> Header:
    """The header of a JPEG. Raises ImageRejected."""
    picture = read_frame(file)
    _check_frame(picture)
    return Header("jpeg", picture.width, picture.height, orientation=exif.orientation(picture.exif))


class Decoded(NamedTuple):
    """A JPEG's pixels at 1/`scale` of its size; `numbers` are the same, rows × columns × channels, in gray and RGB."""

    image: Image.Image
    scale: float
    numbers: "NDArray[uint8] | None"


def decode(file: BoundedFile, least: tuple[int, int], most: int = _MOST_DIVIDED) -> Decoded:
    """The pixels at 1, 1/2, 1/4 or 1/8 of their size, but not less than 1/`most`.

    They are at least `least` where the file has so many.

    Of a file with several pictures (MPO) the first: the others are another eye's view or a depth map.
    """
    data = file.at(0, file.size)
    picture = read_picture(data)
    _check_frame(picture)
    _check_scans(picture)
    if not _is_whole(picture):
        raise ImageRejected(_CUT_OFF)
    divisor = min(picture.width // least[0], picture.height // least[1], most)
    divisor = 1 << (max(1, divisor).bit_length() - 1)
    image, numbers = _decode(_jpeg_of(picture), picture, divisor)
    if picture.profile:
        image.info["icc_profile"] = b"".join(picture.profile[number] for number in sorted(picture.profile))
    return Decoded(image, float(divisor), numbers)


def without_metadata(file: BoundedFile) -> bytes:
    """The first picture as it is coded, and nothing else."""
    return _jpeg_of(read_picture(file.at(0, file.size)))


def check(data: bytes, most_pixels: int) -> None:
    """Raises ImageRejected if a JPEG within another container is damaged, cut off, or of more than `most_pixels`."""
    picture = read_picture(data)
    _check_frame(picture)
    if picture.width * picture.height > most_pixels:
        raise ImageRejected(DAMAGED)
    _check_scans(picture)
    _decode(_jpeg_of(picture), picture, _MOST_DIVIDED)


def _jpeg_of(picture: Picture) -> bytes:
    """The picture as a JPEG of its own, without metadata."""
    adobe = segment(APP14, picture.adobe[:11] + _color_transform(picture)) if picture.adobe else b""
    return b"".join((b"\xff\xd8", adobe, *picture.parts, b"\xff\xd9"))


def _color_transform(picture: Picture) -> bytes:
    """Adobe's code for how colors are stored; an unknown one becomes what the decoder takes it for, with a warning."""
    code = picture.adobe[11]
    return bytes([code if code <= 2 else 2 if picture.components == 4 else 1])


def _decode(data: bytes, picture: Picture, divisor: int) -> "tuple[Image.Image, NDArray[uint8] | None]":
    # Not at the top: numpy, which it needs, takes 100 ms.
    import simplejpeg

    mode = _MODES[picture.components]
    height, width = (-(-side // divisor) for side in (picture.height, picture.width))
    try:
        pixels = simplejpeg.decode_jpeg(
            data, _COLOR_SPACES[mode], min_height=height, min_width=width, min_factor=1, strict=True
        )
    except (ValueError, RuntimeError) as error:
        if _RARE_SAMPLING in str(error):
            return _decode_rare(data, (picture.width // divisor, picture.height // divisor)), None
        premature = _PREMATURE_END in str(error)
        reason = DAMAGED if not premature else _CUT_OFF_AND_ENDED if picture.ended else _CUT_OFF
        raise ImageRejected(reason) from error
    raw = _RAW_MODES.get(mode, mode)
    image = Image.frombuffer(mode, (pixels.shape[1], pixels.shape[0]), pixels, "raw", raw, 0, 1)
    return image, pixels if raw == mode else None


def _decode_rare(data: bytes, least: tuple[int, int]) -> Image.Image:
    """The pixels of a JPEG with colors sampled in a rare way, which the strict decoder does not know."""
    image = JpegImagePlugin.JpegImageFile(BytesIO(data))
    image.draft(None, least)
    image.load()
    return image


def _is_whole(picture: Picture) -> bool:
    """Whether no scan is missing. An end marker ends a picture whose encoder left out fine detail."""
    if len(picture.precise) < picture.components:
        return False
    return picture.ended or all(len(known) == 64 for known in picture.precise.values())


def _check_scans(picture: Picture) -> None:
    if picture.scans > MAX_SCANS or picture.scans * picture.width * picture.height > _MAX_SCANNED_PIXELS:
        raise ImageRejected(f"The JPEG has {picture.scans:,} scans: it was made to be slow to decode.")


def _check_frame(picture: Picture) -> None:
    if not picture.frame:
        raise ImageRejected(DAMAGED)
    kind = (
        "lossless"
        if picture.frame == LOSSLESS
        else f"{picture.precision}-bit"
        if picture.precision != 8
        else "hierarchical"
        if picture.frame not in _DECODED_FRAMES
        else f"{picture.components}-channel"
        if picture.components not in _MODES
        else ""
    )
    if kind:
        raise ImageRejected(f"A {kind} JPEG is not accepted; send an ordinary JPEG, of 8 bits a channel.")
