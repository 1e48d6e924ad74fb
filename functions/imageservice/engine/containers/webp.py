"""WebP: what its RIFF chunks say.

Source: RFC 9649, https://www.rfc-editor.org/rfc/rfc9649
"""

import struct
from collections.abc import Iterator

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import exif
from imageservice.engine.containers.bounded_file import Source
from imageservice.engine.containers.header import Header

_ANIMATED, _EXIF, _ALPHA = 0x02, 0x08, 0x10
_PIXELS = (b"VP8 ", b"VP8L")
# The chunks that the header is made of, and how much of each.
_WANTED = {b"VP8X": 10, b"VP8 ": 10, b"VP8L": 5, b"ANIM": 6, b"EXIF": 65_536}


def read_header(source: Source) -> Header:
    """The header of a still or moving WebP; of a moving one the heads of all frames are read."""
    found: dict[bytes, bytes] = {}
    frames = 0
    for kind, offset, length in _chunks(source):
        if kind == b"ANMF":
            frames += 1
        elif kind in _WANTED:
            found.setdefault(kind, source.at(offset, min(length, _WANTED[kind])))
        if kind in _PIXELS and not found.get(b"VP8X", b"\0")[0] & _EXIF:
            break
    extended, lossy, lossless = (found.get(kind, b"") for kind in (b"VP8X", b"VP8 ", b"VP8L"))
    bits = int.from_bytes(lossless[1:], "little") if len(lossless) == 5 else 0
    flags = extended[0] if len(extended) == 10 else 0
    if flags or len(extended) == 10:
        width, height = (int.from_bytes(extended[at : at + 3], "little") + 1 for at in (4, 7))
    elif len(lossless) == 5:
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif len(lossy) == 10 and lossy[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", lossy[6:]))
    else:
        raise ImageRejected("The WebP is damaged or cut off: it has no header.")
    moving = bool(flags & _ANIMATED)
    if not (frames if moving else lossy or lossless):
        raise ImageRejected("The WebP is cut off: it has no pixels.")
    return Header(
        "webp",
        width,
        height,
        frames=frames if moving else 1,
        alpha=bool(flags & _ALPHA) if extended else bool(bits >> 28 & 1),
        orientation=exif.orientation(found.get(b"EXIF")),
        loops=int.from_bytes(found.get(b"ANIM", b"")[4:6], "little"),
    )


def _chunks(source: Source) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's name, where its data begin, and their length."""
    offset = 12
    while len(head := source.at(offset, 8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        yield kind, offset + 8, length
        offset += 8 + length + (length & 1)
