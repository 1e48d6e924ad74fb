"""PNG and APNG: the chunks that matter, and each frame of a moving one as a PNG of its own.

Source: W3C PNG Specification (Third Edition), https://www.w3.org/TR/png-3/
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from imageservice.engine import exif
from imageservice.engine.header import Header
from imageservice.engine.source import Source
from imageservice.errors import ImageRejected

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TAIL = 65_536
_COPIED = (b"PLTE", b"tRNS", b"sBIT")


@dataclass(frozen=True)
class Chunk:
    kind: bytes
    offset: int
    length: int


@dataclass(frozen=True)
class Frame:
    """One frame: where it goes on the canvas, how long it stays (ms), what happens after and how it is painted.

    `dispose` is none, background or previous; `over` tells whether it is blended over what is there or replaces it.
    """

    left: int
    top: int
    width: int
    height: int
    duration: float
    dispose: str
    over: bool


def chunks(source: Source, offset: int = len(SIGNATURE)) -> Iterator[Chunk]:
    """The chunks up to IEND or the end of the file; `offset` of a chunk is where its data begin."""
    while len(head := source.at(offset, 8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        yield Chunk(kind, offset + 8, length)
        if kind == b"IEND":
            return
        offset += length + 12


def read_header(source: Source) -> Header:
    """The header of a PNG or APNG. Reads up to the pixels, all frames' heads of a moving one, and the last 64 kB: some
    tools put the EXIF block behind the pixels."""
    width = height = 0
    alpha = False
    cicp = None
    block = b""
    planned = played = loops = 0
    controlled_first = False
    pixels_seen = False
    for chunk in chunks(source):
        if chunk.kind == b"IHDR" and not width:
            data = source.at(chunk.offset, 13)
            if len(data) < 13:
                break
            width, height, _depth, kind = struct.unpack(">IIBB", data[:10])
            alpha = kind in (4, 6)
        elif chunk.kind == b"tRNS" and not pixels_seen:
            alpha = True
        elif chunk.kind == b"cICP" and not pixels_seen:
            data = source.at(chunk.offset, 4)
            cicp = (data[0], data[1], data[2], data[3]) if len(data) == 4 else None
        elif chunk.kind == b"eXIf":
            block = source.at(chunk.offset, min(chunk.length, _TAIL))
        elif chunk.kind == b"acTL" and not pixels_seen:
            data = source.at(chunk.offset, 8)
            planned, loops = struct.unpack(">II", data) if len(data) == 8 else (0, 0)
        elif chunk.kind == b"fcTL":
            controlled_first = controlled_first or not pixels_seen
            played += 1
        elif chunk.kind == b"IDAT":
            pixels_seen = True
            if not planned:
                break
    if not width:
        raise ImageRejected("The PNG is damaged: it has no header.")
    if not pixels_seen:
        raise ImageRejected("The PNG is cut off: it has no pixels.")
    return Header("png", width, height, max(1, min(planned, played)), alpha,
                  exif.orientation(block or _late_exif(source)), cicp=cicp, loops=loops)


def _late_exif(source: Source) -> bytes:
    """The data of an eXIf chunk in the file's last 64 kB, told from compressed pixels by its checksum."""
    tail = source.at(max(0, source.size - _TAIL), _TAIL)
    at = tail.rfind(b"eXIf")
    if at < 4:
        return b""
    (length,) = struct.unpack_from(">I", tail, at - 4)
    body = tail[at : at + 4 + length]
    if len(tail) < at + 8 + length or zlib.crc32(body) != struct.unpack_from(">I", tail, at + 4 + length)[0]:
        return b""
    return body[4:]


def frames(source: Source) -> Iterator[tuple[Frame, bytes]]:
    """Each frame of an APNG with a still PNG of its pixels. A default image outside the animation is left out."""
    ihdr = b""
    copied = bytearray()
    frame: Frame | None = None
    data: list[bytes] = []
    for chunk in chunks(source):
        if chunk.kind == b"IHDR":
            ihdr = source.at(chunk.offset, 13)
        elif chunk.kind in _COPIED and frame is None:
            copied += _chunk(chunk.kind, _whole(source, chunk))
        elif chunk.kind in (b"fcTL", b"IEND"):
            if frame is not None:
                yield frame, _still(ihdr, bytes(copied), frame, data)
                data = []
            if chunk.kind == b"fcTL":
                frame = _frame(_whole(source, chunk))
        elif chunk.kind == b"IDAT" and frame is not None:
            data.append(_whole(source, chunk))
        elif chunk.kind == b"fdAT" and frame is not None:
            data.append(_whole(source, chunk)[4:])


def _frame(data: bytes) -> Frame:
    _, width, height, left, top, num, den, dispose, blend = struct.unpack(">IIIIIHHBB", data[:26])
    names = {1: "background", 2: "previous"}
    return Frame(left, top, width, height, 1000 * num / (den or 100), names.get(dispose, "none"), blend == 1)


def _whole(source: Source, chunk: Chunk) -> bytes:
    data = source.at(chunk.offset, chunk.length)
    if len(data) < chunk.length:
        raise ImageRejected("The PNG is cut off: it ends before its last frame.")
    return data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _still(ihdr: bytes, copied: bytes, frame: Frame, data: list[bytes]) -> bytes:
    if not data:
        raise ImageRejected("The PNG is damaged: a frame has no pixels.")
    resized = struct.pack(">II", frame.width, frame.height) + ihdr[8:]
    return b"".join(
        (SIGNATURE, _chunk(b"IHDR", resized), copied, _chunk(b"IDAT", b"".join(data)), _chunk(b"IEND", b""))
    )
