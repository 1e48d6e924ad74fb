"""PNG and APNG: the chunks that matter. Each frame of a moving one is decoded as a PNG of its own.

Source: W3C PNG Specification (Third Edition), https://www.w3.org/TR/png-3/
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

from PIL import Image, ImageChops, PngImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import exif
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sub_frame import Disposal, SubFrame
from imageservice.engine.pixels.icc_bounds import MAX_PROFILE

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TAIL = 65_536
_DISPOSALS: dict[int, Disposal] = {1: "background", 2: "previous"}
# The chunks that the header is made of, and how much of each.
_HEADER_BYTES = {b"IHDR": 13, b"tRNS": 1, b"cICP": 4, b"acTL": 8, b"eXIf": _TAIL, b"IDAT": 0}
# The chunks that define colors.
_COLOR_CHUNKS = (b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_LEAST = {b"tRNS": 1, b"iCCP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
# 50 MB in chunks of 256 bytes.
_MAX_CHUNKS = 200_000


@dataclass(frozen=True)
class _Chunk:
    kind: bytes
    offset: int
    length: int


@dataclass(frozen=True)
class _Frame:
    """A frame's place on the canvas, its time in ms, its disposal, and whether it is blended over the canvas."""

    left: int
    top: int
    width: int
    height: int
    duration: int
    dispose: Disposal
    over: bool


def chunks(file: BoundedFile, offset: int = len(SIGNATURE)) -> Iterator[_Chunk]:
    """The chunks up to IEND or the end of the file; `offset` of a chunk is where its data begin."""
    for _ in range(_MAX_CHUNKS):
        head = file.at(offset, 8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        yield _Chunk(kind, offset + 8, length)
        if kind == b"IEND":
            return
        offset += length + 12
    raise ImageRejected(f"The PNG has more than {_MAX_CHUNKS:,} chunks: it was made to be slow to read.")


def _check_place(frame: _Frame, ihdr: bytes) -> None:
    """Raises ImageRejected if a frame is not on the canvas. Source: W3C PNG, section 11.3.6.2."""
    width, height = struct.unpack(">II", ihdr[:8].ljust(8, b"\0"))
    inside = frame.left + frame.width <= width and frame.top + frame.height <= height
    if not inside or not frame.width or not frame.height:
        raise ImageRejected("The PNG is damaged: a frame is not within its canvas.")


def read_header(file: BoundedFile) -> Header:
    """The header of a PNG or APNG. Raises ImageRejected.

    Reads up to the pixels, the heads of all of a moving one's frames, and the last 64 kB: some tools put EXIF there.
    """
    found: dict[bytes, bytes] = {}
    controls = 0
    for chunk in chunks(file):
        ahead = b"IDAT" not in found
        if chunk.kind == b"fcTL":
            _check_place(_frame(file.at(chunk.offset, 26)), found.get(b"IHDR", b""))
            controls += 1
        elif chunk.kind in _HEADER_BYTES and (ahead or chunk.kind == b"eXIf"):
            found.setdefault(chunk.kind, file.at(chunk.offset, min(chunk.length, _HEADER_BYTES[chunk.kind])))
        if chunk.kind == b"IDAT" and b"acTL" not in found:
            break
    if len(found.get(b"IHDR", b"")) < 13:
        raise ImageRejected("The PNG is damaged: it has no header.")
    if b"IDAT" not in found:
        raise ImageRejected("The PNG is cut off: it has no pixels.")
    width, height, _, kind = struct.unpack(">IIBB", found[b"IHDR"][:10])
    control = found.get(b"acTL", b"")
    stated_frames, loops = struct.unpack(">II", control) if len(control) == 8 else (0, 0)
    cicp = found.get(b"cICP", b"")
    return Header(
        "png",
        width,
        height,
        frames=max(1, min(stated_frames, controls)),
        alpha=kind in (4, 6) or b"tRNS" in found,
        orientation=exif.orientation(found.get(b"eXIf") or late_exif(file)),
        cicp=(cicp[0], cicp[1], cicp[2], cicp[3]) if len(cicp) == 4 else None,
        loops=loops,
    )


def late_exif(file: BoundedFile) -> bytes:
    """The data of an eXIf chunk in the file's last 64 kB. Its checksum sets it apart from compressed pixels."""
    tail = file.at(max(0, file.size - _TAIL), _TAIL)
    at = tail.rfind(b"eXIf")
    if at < 4:
        return b""
    (length,) = struct.unpack_from(">I", tail, at - 4)
    body = tail[at : at + 4 + length]
    if len(tail) < at + 8 + length or zlib.crc32(body) != struct.unpack_from(">I", tail, at + 4 + length)[0]:
        return b""
    return body[4:]


def decode(file: BoundedFile) -> Image.Image:
    """The pixels of a PNG, or the default image of an APNG."""
    data = still_png(file)
    image = _decode(data)
    key = _wide_key(file)
    return image if key is None else _keyed(image, data, key)


def sub_frames(file: BoundedFile, frames: int) -> Iterator[SubFrame]:
    """The first `frames` frames of an APNG, decoded as they are asked for.

    A default image outside the animation is left out, and so are frames beyond those that the header counts.
    """
    for frame, data in islice(_frames(file), frames):
        yield SubFrame(_decode(data), frame.left, frame.top, frame.duration, frame.dispose, frame.over)


def _decode(data: bytes) -> Image.Image:
    image = PngImagePlugin.PngImageFile(BytesIO(data))
    image.load()
    return image


def still_png(file: BoundedFile) -> bytes:
    """The PNG with nothing but its pixels and the chunks that define their color, so that no other chunk can do harm.

    Raises ImageRejected where the checksum of a chunk with pixels is wrong. A color chunk with a wrong checksum is left
    out.
    """
    parts = [SIGNATURE]
    ihdr = b""
    for chunk in chunks(file):
        if chunk.kind == b"IHDR" and not ihdr:
            ihdr = _checked(file, chunk)
            parts.append(_chunk(b"IHDR", ihdr))
        elif chunk.kind == b"IDAT":
            parts.append(_chunk(b"IDAT", _checked(file, chunk)))
        elif chunk.kind in _COLOR_CHUNKS and ihdr:
            parts.append(_color_chunk(file, chunk, ihdr))
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def _frames(file: BoundedFile) -> Iterator[tuple[_Frame, bytes]]:
    """Each frame of an APNG with a still PNG of its pixels."""
    ihdr = b""
    copied = bytearray()
    frame: _Frame | None = None
    data: list[bytes] = []
    for chunk in chunks(file):
        if chunk.kind == b"IHDR":
            ihdr = _checked(file, chunk)
        elif chunk.kind in _COLOR_CHUNKS and ihdr and frame is None:
            copied += _color_chunk(file, chunk, ihdr)
        elif chunk.kind in (b"fcTL", b"IEND"):
            if frame is not None:
                yield frame, _still(ihdr, bytes(copied), frame, data)
                data = []
            if chunk.kind == b"fcTL":
                frame = _frame(_checked(file, chunk))
        elif chunk.kind == b"IDAT" and frame is not None:
            data.append(_checked(file, chunk))
        elif chunk.kind == b"fdAT" and frame is not None:
            data.append(_checked(file, chunk)[4:])


def _frame(data: bytes) -> _Frame:
    if len(data) < 26:
        raise ImageRejected("The PNG is damaged: a frame has no place on the canvas.")
    _, width, height, left, top, num, den, dispose, blend = struct.unpack(">IIIIIHHBB", data[:26])
    duration = round(1000 * num / (den or 100))
    return _Frame(left, top, width, height, duration, _DISPOSALS.get(dispose, "none"), blend == 1)


def _checked(file: BoundedFile, chunk: _Chunk) -> bytes:
    """The chunk's data, whole and with the right checksum."""
    data, checksum = _whole(file, chunk)
    if zlib.crc32(chunk.kind + data) != checksum:
        raise ImageRejected(f"The PNG is damaged: the checksum of its {chunk.kind.decode()} chunk is wrong.")
    return data


def _whole(file: BoundedFile, chunk: _Chunk) -> tuple[bytes, int]:
    data = file.at(chunk.offset, chunk.length + 4)
    if len(data) < chunk.length + 4:
        raise ImageRejected("The PNG is cut off: it ends before its last pixel.")
    return data[:-4], int.from_bytes(data[-4:], "big")


def _color_chunk(file: BoundedFile, chunk: _Chunk, ihdr: bytes) -> bytes:
    """A chunk that defines colors, as Pillow reads it; empty if it is damaged and the image does not need it."""
    if chunk.kind == b"PLTE":
        return _chunk(b"PLTE", _checked(file, chunk))
    data, checksum = _whole(file, chunk)
    if zlib.crc32(chunk.kind + data) != checksum or len(data) < _LEAST.get(chunk.kind, 0):
        return b""
    if chunk.kind == b"tRNS":
        return _chunk(b"tRNS", _transparent(data, depth=ihdr[8], kind=ihdr[9]))
    if chunk.kind == b"iCCP" and not _inflates(data):
        return b""
    return _chunk(chunk.kind, data)


def _transparent(data: bytes, depth: int, kind: int) -> bytes:
    """The transparent gray or color in the samples that Pillow decodes to: 8 bits, but for gray of 1 and 16."""
    if kind == 0 and depth in (2, 4):
        return struct.pack(">H", int.from_bytes(data[:2], "big") % 256 * (255 // (2**depth - 1)) % 256)
    if kind == 2 and depth == 16:
        return struct.pack(">3H", *(value >> 8 for value in struct.unpack(">3H", data[:6])))
    return data


def without_metadata(file: BoundedFile) -> bytes | None:
    """The pixels as they are coded, and nothing else; None where they have 16 bits."""
    pixels = [chunk for chunk in chunks(file) if chunk.kind in _PIXEL_CHUNKS]
    parts = [_chunk(chunk.kind, _checked(file, chunk)) for chunk in pixels]
    if not parts or parts[0][16] > 8:
        return None
    return b"".join((SIGNATURE, *parts, _chunk(b"IEND", b"")))


def _wide_key(file: BoundedFile) -> tuple[int, ...] | None:
    """The color that is transparent, where a PNG has RGB of 16 bits and such a color."""
    ihdr = key = b""
    for chunk in chunks(file):
        if chunk.kind == b"IHDR":
            ihdr = file.at(chunk.offset, 13)
        elif chunk.kind == b"tRNS":
            key = file.at(chunk.offset, min(chunk.length, 6))
        elif chunk.kind == b"IDAT":
            break
    wide = len(ihdr) == 13 and ihdr[8] == 16 and ihdr[9] == 2
    return struct.unpack(">3H", key) if wide and len(key) == 6 else None


def _keyed(image: Image.Image, data: bytes, key: tuple[int, ...]) -> Image.Image:
    """The image with the pixels of this color transparent: in all 16 bits, of which Pillow keeps the upper 8."""
    low = PngImagePlugin.PngImageFile(BytesIO(data))
    # The other byte order makes Pillow keep the lower ones.
    low.tile = [low.tile[0]._replace(args="RGB;16L")]
    low.load()
    opaque = Image.new("L", image.size)
    for half, shift in ((image, 8), (low, 0)):
        for channel, level in zip(half.split(), key, strict=True):
            byte = level >> shift & 0xFF
            opaque = ImageChops.lighter(opaque, channel.point([255 * (at != byte) for at in range(256)]))
    keyed = image.copy()
    keyed.info.pop("transparency", None)
    keyed.putalpha(opaque)
    return keyed


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


def _still(ihdr: bytes, copied: bytes, frame: _Frame, data: list[bytes]) -> bytes:
    if not data:
        raise ImageRejected("The PNG is damaged: a frame has no pixels.")
    resized = struct.pack(">II", frame.width, frame.height) + ihdr[8:]
    return b"".join(
        (SIGNATURE, _chunk(b"IHDR", resized), copied, _chunk(b"IDAT", b"".join(data)), _chunk(b"IEND", b""))
    )
