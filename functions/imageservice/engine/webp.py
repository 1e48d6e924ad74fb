"""WebP: what its RIFF chunks say.

Source: RFC 9649, https://www.rfc-editor.org/rfc/rfc9649
"""

import struct

from imageservice.engine import exif
from imageservice.engine.header import Header
from imageservice.engine.source import Source
from imageservice.errors import ImageRejected

_ANIMATED, _EXIF, _ALPHA = 0x02, 0x08, 0x10


def read_header(source: Source) -> Header:
    """The header of a still or moving WebP; of a moving one all frames' heads are read."""
    width = height = frames = 0
    loops = 1
    alpha = False
    flags = 0
    block = b""
    offset = 12
    while len(head := source.at(offset, 8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        body = offset + 8
        if kind == b"VP8X" and not width:
            data = _whole(source, body, 10)
            flags = data[0]
            width, height = _u24(data[4:7]) + 1, _u24(data[7:10]) + 1
            alpha = bool(flags & _ALPHA)
        elif kind == b"VP8 " and not width:
            data = _whole(source, body, 10)
            if data[3:6] != b"\x9d\x01\x2a":
                raise ImageRejected("The WebP is damaged: its first frame has no header.")
            width, height = (side & 0x3FFF for side in struct.unpack("<HH", data[6:10]))
        elif kind == b"VP8L":
            bits = int.from_bytes(_whole(source, body, 5)[1:], "little")
            if not width:
                width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            alpha = alpha or bool(bits >> 28 & 1)
        elif kind == b"ANIM":
            times = struct.unpack("<H", _whole(source, body, 6)[4:6])[0]
            loops = times
        elif kind == b"ANMF":
            frames += 1
        elif kind == b"EXIF":
            block = source.at(body, min(length, 65_536))
        if not flags & (_ANIMATED | _EXIF) and width and kind in (b"VP8 ", b"VP8L"):
            break
        offset = body + length + (length & 1)
    if not width or not height:
        raise ImageRejected("The WebP is cut off: it has no image.")
    moving = bool(flags & _ANIMATED)
    if moving and not frames:
        raise ImageRejected("The WebP is cut off: it has no frames.")
    return Header("webp", width, height, frames if moving else 1, alpha, exif.orientation(block), loops=loops)


def _whole(source: Source, offset: int, length: int) -> bytes:
    data = source.at(offset, length)
    if len(data) < length:
        raise ImageRejected("The WebP is cut off: it ends inside its header.")
    return data


def _u24(data: bytes) -> int:
    return int.from_bytes(data, "little")
