"""JPEG: its segments, and its pixels by a decoder that stops at the first sign of damage.

Only what the decoder needs of the first picture is handed to it. So whatever lies behind that picture (a motion photo's
video, an MPO's further views), and odd metadata that browsers show without a word, raise no warning; and each warning
that is left speaks of damaged pixels.

Source: ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import NamedTuple

from PIL import Image, JpegImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import exif
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header

_EOI, _SOS, _DQT, _DRI, _DHT, _DAC = 0xD9, 0xDA, 0xDB, 0xDD, 0xC4, 0xCC
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_BASELINE, _EXTENDED, _PROGRESSIVE, _LOSSLESS = 0xC0, 0xC1, 0xC2, 0xC3
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, _DAC}
_SEQUENTIAL = {_BASELINE, _EXTENDED, 0xC9}
_DECODED_FRAMES = {*_SEQUENTIAL, _PROGRESSIVE, 0xCA}
# Markers without a length: TEM and the restart markers.
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_NEEDED = {_DQT, _DHT, _DAC, _DRI}
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_COLOR_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
# JPEGs store ink inverted: 255 is none.
_RAW_MODES = {"CMYK": "CMYK;I"}
# A marker within a scan: not a stuffed byte, not a restart.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
_CUT_OFF = "The JPEG is cut off: it ends before its last pixel."
_CUT_OFF_AND_ENDED = "The JPEG is damaged or cut off: it ends before its last pixel."
_DAMAGED = "The JPEG is damaged: its pixels can't be decoded."
_MADE_TO_BE_SLOW = "it was made to be slow to decode."

# A progressive photo has about ten; each one goes through all pixels, however few bytes it has.
MAX_SCANS = 200
# Ten scans of the largest photo are 1,000 megapixels.
_MAX_SCANNED_PIXELS = 4_000_000_000
# Extended XMP of a photo with a depth map has some hundred.
_MAX_SEGMENTS = 10_000
_MAX_GAP = 65_536
_MOST_DIVIDED = 8
# The strict decoder's messages.
_PREMATURE_END, _RARE_SAMPLING = "premature end", "subsampling"


class _Segment(NamedTuple):
    """A marker, where its data begin (behind the length), and how many bytes they are."""

    marker: int
    start: int
    length: int


@dataclass
class _Picture:
    """What the segments of one picture say, and the `parts` of the file that a decoder needs.

    `precise` holds, by component, the coefficients of which the scans have given the last bit. `ended` is true where
    the picture has its end marker.
    """

    parts: list[bytes | memoryview]
    frame: int = 0
    precision: int = 8
    width: int = 0
    height: int = 0
    components: int = 0
    scans: int = 0
    ended: bool = False
    adobe: bytes = b""
    precise: dict[int, set[int]] = field(default_factory=dict)
    exif: bytes | None = None
    profile: dict[int, bytes] = field(default_factory=dict)


def read_header(file: BoundedFile) -> Header:
    """The header of a JPEG. Raises ImageRejected."""
    picture = _Picture([])
    for segment in _segments(file):
        if segment.marker == _SOS:
            break
        _read_segment(picture, segment.marker, file.at(segment.start, segment.length))
    else:
        raise ImageRejected("The JPEG is cut off: it has no pixels.")
    _check_frame(picture)
    return Header("jpeg", picture.width, picture.height, orientation=exif.orientation(picture.exif))


def decode(file: BoundedFile, least: tuple[int, int]) -> tuple[Image.Image, float]:
    """The pixels at 1, 1/2, 1/4 or 1/8 of their size, at least `least` where the file has so many, and the divisor.

    Of a file with several pictures (MPO) the first: the others are another eye's view or a depth map.
    """
    data = file.at(0, file.size)
    picture = _read_picture(data)
    _check_frame(picture)
    if picture.scans > MAX_SCANS or picture.scans * picture.width * picture.height > _MAX_SCANNED_PIXELS:
        raise ImageRejected(f"The JPEG has {picture.scans:,} scans: {_MADE_TO_BE_SLOW}")
    if not _is_whole(picture):
        raise ImageRejected(_CUT_OFF)
    divisor = min(picture.width // least[0], picture.height // least[1], _MOST_DIVIDED)
    divisor = 1 << (max(1, divisor).bit_length() - 1)
    image = _decode(_jpeg_of(picture), picture, divisor)
    if picture.profile:
        image.info["icc_profile"] = b"".join(picture.profile[number] for number in sorted(picture.profile))
    return image, float(divisor)


def without_metadata(file: BoundedFile) -> bytes:
    """The first picture as it is coded, and nothing else."""
    return _jpeg_of(_read_picture(file.at(0, file.size)))


def check(data: bytes) -> None:
    """Raises ImageRejected if a JPEG, or one within another container, is damaged or cut off."""
    picture = _read_picture(data)
    _check_frame(picture)
    _decode(_jpeg_of(picture), picture, _MOST_DIVIDED)


def _jpeg_of(picture: _Picture) -> bytes:
    """The picture as a JPEG of its own, without metadata."""
    adobe = _segment(_APP14, picture.adobe[:11] + _color_transform(picture)) if picture.adobe else b""
    return b"".join((b"\xff\xd8", adobe, *picture.parts, b"\xff\xd9"))


def _decode(data: bytes, picture: _Picture, divisor: int) -> Image.Image:
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
            return _decode_rare(data, (picture.width // divisor, picture.height // divisor))
        premature = _PREMATURE_END in str(error)
        reason = _DAMAGED if not premature else _CUT_OFF_AND_ENDED if picture.ended else _CUT_OFF
        raise ImageRejected(reason) from error
    raw = _RAW_MODES.get(mode, mode)
    return Image.frombuffer(mode, (pixels.shape[1], pixels.shape[0]), pixels, "raw", raw, 0, 1)


def _decode_rare(data: bytes, least: tuple[int, int]) -> Image.Image:
    """The pixels of a JPEG with colors sampled in a rare way, which the strict decoder does not know."""
    image = JpegImagePlugin.JpegImageFile(BytesIO(data))
    image.draft(None, least)
    image.load()
    return image


def _segments(file: BoundedFile) -> Iterator[_Segment]:
    """The segments from the start up to and including the first scan's header."""
    offset = 2
    for _ in range(_MAX_SEGMENTS):
        head = file.at(offset, 4)
        if len(head) < 4:
            return
        if head[0] != 0xFF or head[1] in (0, 0xFF):
            gap = _MARKER.search(file.at(offset, _MAX_GAP))
            if gap is None:
                raise ImageRejected(_DAMAGED)
            offset += gap.end() - 2
            head = file.at(offset, 4)
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if marker in _BARE:
            offset += 2
            continue
        if marker == _EOI or length < 2:
            raise ImageRejected(_DAMAGED)
        yield _Segment(marker, offset + 4, length - 2)
        if marker == _SOS:
            return
        offset += 2 + length
    raise ImageRejected(f"The JPEG has more than {_MAX_SEGMENTS:,} segments: {_MADE_TO_BE_SLOW}")


def _read_picture(data: bytes) -> _Picture:
    """The first picture in `data`."""
    view = memoryview(data)
    picture = _Picture([])
    offset = 2
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(data, offset)
        if found is None or data[found.end() - 1] == _EOI:
            picture.ended = found is not None
            break
        marker, start = data[found.end() - 1], found.end()
        if marker in _BARE:
            offset = start
            continue
        length = int.from_bytes(data[start : start + 2], "big")
        end = start + length
        if length < 2 or end > len(data):
            break
        body = data[start + 2 : end]
        if marker == _SOS:
            picture.scans += 1
            following = _MARKER.search(data, end)
            stop = following.start() if following else len(data)
            picture.parts += [_segment(_SOS, _scan_header(picture, body)), view[end:stop]]
            _note_coefficients(picture, body)
            end = stop
        else:
            _read_segment(picture, marker, body)
        offset = end
    else:
        raise ImageRejected(f"The JPEG has more than {_MAX_SEGMENTS:,} segments: {_MADE_TO_BE_SLOW}")
    if not picture.scans:
        raise ImageRejected("The JPEG is cut off: it has no pixels.")
    return picture


def _read_segment(picture: _Picture, marker: int, body: bytes) -> None:
    if marker in _FRAMES:
        if picture.frame or len(body) < 6:
            raise ImageRejected(_DAMAGED)
        picture.frame = marker
        picture.precision, picture.height, picture.width, picture.components = struct.unpack(
            ">BHHB", body[:6]
        )
        picture.parts.append(_segment(marker, body))
    elif marker in _NEEDED:
        picture.parts.append(_segment(marker, body))
    elif marker == _APP0 and body[:5] == b"JFIF\0" and len(body) >= 14:
        # In its common form: the decoder warns of other versions, which change nothing.
        picture.parts.append(_JFIF)
    elif marker == _APP14 and body[:5] == b"Adobe" and len(body) >= 12:
        picture.adobe = body
    elif marker == _APP1 and body[:5] == b"Exif\0" and picture.exif is None:
        picture.exif = body
    elif marker == _APP2 and body[:12] == b"ICC_PROFILE\0" and len(body) > 14:
        picture.profile.setdefault(body[12], body[14:])


def _color_transform(picture: _Picture) -> bytes:
    """Adobe's code for how colors are stored; an unknown one becomes what the decoder takes it for, with a warning."""
    code = picture.adobe[11]
    return bytes([code if code <= 2 else 2 if picture.components == 4 else 1])


def _note_coefficients(picture: _Picture, header: bytes) -> None:
    """Records for which coefficients the scan gives the last bit. Source: T.81, B.2.3 and G.1.1.1."""
    count = header[0] if header else 0
    if len(header) < 4 + 2 * count:
        raise ImageRejected(_DAMAGED)
    first, last, bits = header[-3:]
    if picture.frame in _SEQUENTIAL:
        first, last, bits = 0, 63, 0
    if not bits & 0x0F:
        for component in header[1 : 1 + 2 * count : 2]:
            picture.precise.setdefault(component, set()).update(range(first, last + 1))


def _is_whole(picture: _Picture) -> bool:
    """Whether no scan is missing. An end marker ends a picture whose encoder left out fine detail."""
    if len(picture.precise) < picture.components:
        return False
    return picture.ended or all(len(known) == 64 for known in picture.precise.values())


def _scan_header(picture: _Picture, body: bytes) -> bytes:
    """The scan's header. In a sequential picture it covers all coefficients, whatever its last three bytes say."""
    if picture.frame in _SEQUENTIAL and len(body) >= 4:
        return body[:-3] + b"\0\x3f\0"
    return body


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _check_frame(picture: _Picture) -> None:
    if not picture.frame:
        raise ImageRejected(_DAMAGED)
    kind = (
        "lossless"
        if picture.frame == _LOSSLESS
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
