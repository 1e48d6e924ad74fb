"""PNG and APNG: the chunks that matter, and each frame of a moving one as a PNG of its own.

Source: W3C PNG Specification (Third Edition), https://www.w3.org/TR/png-3/
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import exif
from imageservice.engine.containers.bounded_file import Source
from imageservice.engine.containers.header import Header

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TAIL = 65_536
# The chunks that the header is made of, and how much of each.
_WANTED = {b"IHDR": 13, b"tRNS": 1, b"cICP": 4, b"acTL": 8, b"eXIf": _TAIL, b"IDAT": 0}
# The chunks that tell colours.
_COPIED = (b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_LEAST = {b"tRNS": 1, b"iCCP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
MAX_PROFILE = 8_000_000


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
    """The header of a PNG or APNG.

    Reads up to the pixels, the heads of all of a moving one's frames, and the last 64 kB: some tools put EXIF there.
    """
    found: dict[bytes, bytes] = {}
    played = 0
    for chunk in chunks(source):
        ahead = b"IDAT" not in found
        if chunk.kind == b"fcTL":
            played += 1
        elif chunk.kind in _WANTED and (ahead or chunk.kind == b"eXIf"):
            found.setdefault(chunk.kind, source.at(chunk.offset, min(chunk.length, _WANTED[chunk.kind])))
        if chunk.kind == b"IDAT" and b"acTL" not in found:
            break
    if len(found.get(b"IHDR", b"")) < 13:
        raise ImageRejected("The PNG is damaged: it has no header.")
    if b"IDAT" not in found:
        raise ImageRejected("The PNG is cut off: it has no pixels.")
    width, height, _, kind = struct.unpack(">IIBB", found[b"IHDR"][:10])
    control = found.get(b"acTL", b"")
    planned, loops = struct.unpack(">II", control) if len(control) == 8 else (0, 0)
    stated = found.get(b"cICP", b"")
    return Header(
        "png",
        width,
        height,
        frames=max(1, min(planned, played)),
        alpha=kind in (4, 6) or b"tRNS" in found,
        orientation=exif.orientation(found.get(b"eXIf") or _late_exif(source)),
        cicp=(stated[0], stated[1], stated[2], stated[3]) if len(stated) == 4 else None,
        loops=loops,
    )


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


def still(source: Source) -> bytes:
    """The PNG with nothing but its pixels and what tells their colours, so that no other chunk can do harm.

    Raises ImageRejected where the checksum of such a chunk is wrong; one that only tells colours is then left out.
    """
    parts = [SIGNATURE]
    ihdr = b""
    for chunk in chunks(source):
        if chunk.kind == b"IHDR" and not ihdr:
            ihdr = _checked(source, chunk)
            parts.append(_chunk(b"IHDR", ihdr))
        elif chunk.kind == b"IDAT":
            parts.append(_chunk(b"IDAT", _checked(source, chunk)))
        elif chunk.kind in _COPIED:
            parts.append(_colours(source, chunk, ihdr))
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def frames(source: Source) -> Iterator[tuple[Frame, bytes]]:
    """Each frame of an APNG with a still PNG of its pixels. A default image outside the animation is left out."""
    ihdr = b""
    copied = bytearray()
    frame: Frame | None = None
    data: list[bytes] = []
    for chunk in chunks(source):
        if chunk.kind == b"IHDR":
            ihdr = _checked(source, chunk)
        elif chunk.kind in _COPIED and frame is None:
            copied += _colours(source, chunk, ihdr)
        elif chunk.kind in (b"fcTL", b"IEND"):
            if frame is not None:
                yield frame, _still(ihdr, bytes(copied), frame, data)
                data = []
            if chunk.kind == b"fcTL":
                frame = _frame(_checked(source, chunk))
        elif chunk.kind == b"IDAT" and frame is not None:
            data.append(_checked(source, chunk))
        elif chunk.kind == b"fdAT" and frame is not None:
            data.append(_checked(source, chunk)[4:])


def _frame(data: bytes) -> Frame:
    if len(data) < 26:
        raise ImageRejected("The PNG is damaged: a frame has no place on the canvas.")
    _, width, height, left, top, num, den, dispose, blend = struct.unpack(">IIIIIHHBB", data[:26])
    names = {1: "background", 2: "previous"}
    return Frame(left, top, width, height, 1000 * num / (den or 100), names.get(dispose, "none"), blend == 1)


def _checked(source: Source, chunk: Chunk) -> bytes:
    """The chunk's data, whole and with the right checksum."""
    data, told = _whole(source, chunk)
    if zlib.crc32(chunk.kind + data) != told:
        raise ImageRejected(f"The PNG is damaged: the checksum of its {chunk.kind.decode()} chunk is wrong.")
    return data


def _whole(source: Source, chunk: Chunk) -> tuple[bytes, int]:
    data = source.at(chunk.offset, chunk.length + 4)
    if len(data) < chunk.length + 4:
        raise ImageRejected("The PNG is cut off: it ends before its last pixel.")
    return data[:-4], int.from_bytes(data[-4:], "big")


def _colours(source: Source, chunk: Chunk, ihdr: bytes) -> bytes:
    """A chunk that tells colours, as Pillow wants it; nothing where it is damaged and the image can do without."""
    if chunk.kind == b"PLTE":
        return _chunk(b"PLTE", _checked(source, chunk))
    data, told = _whole(source, chunk)
    if zlib.crc32(chunk.kind + data) != told or len(data) < _LEAST.get(chunk.kind, 0):
        return b""
    if chunk.kind == b"tRNS":
        return _chunk(b"tRNS", _transparent(data, depth=ihdr[8], kind=ihdr[9]))
    if chunk.kind == b"iCCP" and not _inflates(data):
        return b""
    return _chunk(chunk.kind, data)


def _transparent(data: bytes, depth: int, kind: int) -> bytes:
    """The transparent gray or colour in the samples that Pillow decodes to: 8 bits, but for gray of 1 and 16."""
    if kind == 0 and depth in (2, 4):
        return struct.pack(">H", int.from_bytes(data[:2], "big") % 256 * (255 // (2**depth - 1)) % 256)
    if kind == 2 and depth == 16:
        return struct.pack(">3H", *(value >> 8 for value in struct.unpack(">3H", data[:6])))
    return data


def _inflates(data: bytes) -> bool:
    """Whether an iCCP chunk holds a profile of at most 8 MB."""
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(data[data.find(b"\0") + 2 :], MAX_PROFILE)
    except zlib.error:
        return False
    return inflater.eof


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _still(ihdr: bytes, copied: bytes, frame: Frame, data: list[bytes]) -> bytes:
    if not data:
        raise ImageRejected("The PNG is damaged: a frame has no pixels.")
    resized = struct.pack(">II", frame.width, frame.height) + ihdr[8:]
    return b"".join(
        (SIGNATURE, _chunk(b"IHDR", resized), copied, _chunk(b"IDAT", b"".join(data)), _chunk(b"IEND", b""))
    )
