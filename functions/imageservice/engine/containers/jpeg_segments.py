"""A JPEG's segments: what they say of its first picture, and which of them a decoder needs.

Source: ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers.bounded_file import BoundedFile

_EOI, _SOS, _DQT, _DRI, _DHT, _DAC = 0xD9, 0xDA, 0xDB, 0xDD, 0xC4, 0xCC
_APP0, _APP1, _APP2, APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_BASELINE, _EXTENDED, PROGRESSIVE, LOSSLESS = 0xC0, 0xC1, 0xC2, 0xC3
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, _DAC}
SEQUENTIAL = {_BASELINE, _EXTENDED, 0xC9}
# Markers without a length: TEM and the restart markers.
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_NEEDED = {_DQT, _DHT, _DAC, _DRI}
# A marker within a scan: not a stuffed byte, not a restart.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
DAMAGED = "The JPEG is damaged: its pixels can't be decoded."
_NO_PIXELS = "The JPEG is cut off: it has no pixels."

# Extended XMP of a photo with a depth map has some hundred.
_MAX_SEGMENTS = 10_000
_TOO_MANY_SEGMENTS = f"The JPEG has more than {_MAX_SEGMENTS:,} segments: it was made to be slow to decode."
_MAX_GAP = 65_536


class _Segment(NamedTuple):
    """A marker, where its data begin (behind the length), and how many bytes they are."""

    marker: int
    start: int
    length: int


@dataclass
class Picture:
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


def read_frame(file: BoundedFile) -> Picture:
    """What the segments before the first scan say. Raises ImageRejected."""
    picture = Picture([])
    for each in _segments(file):
        if each.marker == _SOS:
            return picture
        _read_segment(picture, each.marker, file.at(each.start, each.length))
    raise ImageRejected(_NO_PIXELS)


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
                raise ImageRejected(DAMAGED)
            offset += gap.end() - 2
            head = file.at(offset, 4)
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if marker in _BARE:
            offset += 2
            continue
        if marker == _EOI or length < 2:
            raise ImageRejected(DAMAGED)
        yield _Segment(marker, offset + 4, length - 2)
        if marker == _SOS:
            return
        offset += 2 + length
    raise ImageRejected(_TOO_MANY_SEGMENTS)


def read_picture(data: bytes) -> Picture:
    """The first picture in `data`. Raises ImageRejected if a segment is damaged, or none has pixels."""
    view = memoryview(data)
    picture = Picture([])
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
            picture.parts += [segment(_SOS, _scan_header(picture, body)), view[end:stop]]
            _note_coefficients(picture, body)
            end = stop
        else:
            _read_segment(picture, marker, body)
        offset = end
    else:
        raise ImageRejected(_TOO_MANY_SEGMENTS)
    if not picture.scans:
        raise ImageRejected(_NO_PIXELS)
    return picture


def _read_segment(picture: Picture, marker: int, body: bytes) -> None:
    if marker in _FRAMES:
        if picture.frame or len(body) < 6:
            raise ImageRejected(DAMAGED)
        picture.frame = marker
        picture.precision, picture.height, picture.width, picture.components = struct.unpack(
            ">BHHB", body[:6]
        )
        picture.parts.append(segment(marker, body))
    elif marker in _NEEDED:
        picture.parts.append(segment(marker, body))
    elif marker == _APP0 and body[:5] == b"JFIF\0" and len(body) >= 14:
        # In its common form: the decoder warns of other versions, which change nothing.
        picture.parts.append(_JFIF)
    elif marker == APP14 and body[:5] == b"Adobe" and len(body) >= 12:
        picture.adobe = body
    elif marker == _APP1 and body[:5] == b"Exif\0" and picture.exif is None:
        picture.exif = body
    elif marker == _APP2 and body[:12] == b"ICC_PROFILE\0" and len(body) > 14:
        picture.profile.setdefault(body[12], body[14:])


def _note_coefficients(picture: Picture, header: bytes) -> None:
    """Records for which coefficients the scan gives the last bit. Source: T.81, B.2.3 and G.1.1.1."""
    count = header[0] if header else 0
    if len(header) < 4 + 2 * count:
        raise ImageRejected(DAMAGED)
    first, last, bits = header[-3:]
    if picture.frame in SEQUENTIAL:
        first, last, bits = 0, 63, 0
    if not bits & 0x0F:
        for component in header[1 : 1 + 2 * count : 2]:
            picture.precise.setdefault(component, set()).update(range(first, last + 1))


def _scan_header(picture: Picture, body: bytes) -> bytes:
    """The scan's header. In a sequential picture it covers all coefficients, whatever its last three bytes say."""
    if picture.frame in SEQUENTIAL and len(body) >= 4:
        return body[:-3] + b"\0\x3f\0"
    return body


def segment(marker: int, body: bytes) -> bytes:
    """A segment with these data."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
