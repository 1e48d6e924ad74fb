"""WebP: what its RIFF chunks say.

Source: RFC 9649, https://www.rfc-editor.org/rfc/rfc9649
"""

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple, cast

from PIL import Image, WebPImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.engine.containers import exif, vp8
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sub_frame import SubFrame

_ANIMATED, _EXIF, _ALPHA = 0x02, 0x08, 0x10
_PIXELS = {b"VP8 ", b"VP8L"}
_MAX_CHUNKS = 200_000
_DAMAGED = "The WebP is damaged: its pixels can't be decoded."
# A frame's place and time, before its chunks.
_FRAME_HEAD = 16
_START_CODE = b"\x9d\x01\x2a"
# The chunks that the header is made of, and how much of each.
_HEADER_BYTES = {b"VP8X": 10, b"VP8 ": 10, b"VP8L": 5, b"ANIM": 6, b"EXIF": 65_536}


class _Stated(NamedTuple):
    """What one of the header chunks states."""

    width: int
    height: int
    alpha: bool
    moving: bool = False


def read_header(file: BoundedFile) -> Header:
    """The header of a still or moving WebP. Of a moving one the heads of all frames are read. Raises ImageRejected."""
    found: dict[bytes, bytes] = {}
    frames = 0
    for kind, offset, length in _chunks(file):
        if kind == b"ANMF":
            frames += 1
        elif kind in _HEADER_BYTES:
            found.setdefault(kind, file.at(offset, min(length, _HEADER_BYTES[kind])))
        if kind in _PIXELS and not found.get(b"VP8X", b"\0")[0] & _EXIF:
            break
    stated = (
        _extended(found.get(b"VP8X", b""))
        or _lossless(found.get(b"VP8L", b""))
        or _lossy(found.get(b"VP8 ", b""))
    )
    if stated is None:
        raise ImageRejected("The WebP is damaged or cut off: it has no header.")
    if not (frames if stated.moving else found.keys() & _PIXELS):
        raise ImageRejected("The WebP is cut off: it has no pixels.")
    return Header(
        "webp",
        stated.width,
        stated.height,
        frames=frames if stated.moving else 1,
        alpha=stated.alpha,
        orientation=exif.orientation(found.get(b"EXIF")),
        loops=int.from_bytes(found.get(b"ANIM", b"")[4:6], "little"),
    )


def exif_block(file: BoundedFile) -> bytes:
    """The EXIF of a WebP; empty without any."""
    for kind, offset, length in _chunks(file):
        if kind == b"EXIF":
            return file.at(offset, min(length, _HEADER_BYTES[kind]))
    return b""


def decode(file: BoundedFile) -> Image.Image:
    """The pixels of a still WebP."""
    _check_sound(file)
    image = _open(file)
    image.load()
    return image


def composed_frames(file: BoundedFile, frames: int) -> Iterator[SubFrame]:
    """Every frame, as large as the canvas: libwebp paints them."""
    _check_sound(file)
    image = _open(file)
    for number in range(frames):
        file.check_time()
        image.seek(number)
        image.load()
        yield SubFrame(image.copy(), 0, 0, round(image.info["duration"]))


def without_metadata(file: BoundedFile) -> bytes:
    """The picture or the frames as they are coded, and nothing else."""
    places = list(_chunks(file))
    extended = next((file.at(offset, 10) for kind, offset, _ in places if kind == b"VP8X"), b"")
    canvas = extended[4:10]
    if any(kind == b"ANMF" for kind, _, _ in places):
        chunks = [(b"VP8X", bytes([extended[0] & _ALPHA | _ANIMATED, 0, 0, 0]) + canvas)]
        for kind, offset, length in places:
            if kind == b"ANIM":
                chunks.append((kind, file.at(offset, 6)))
            elif kind == b"ANMF":
                inside = _chunks(file, offset + _FRAME_HEAD, offset + length)
                pixels = b"".join(_chunk(*each) for each in _picture(file, list(inside)))
                chunks.append((kind, file.at(offset, _FRAME_HEAD) + pixels))
        return _riff(chunks)
    picture = _picture(file, places)
    if picture[0][0] == b"ALPH":
        picture.insert(0, (b"VP8X", bytes([_ALPHA, 0, 0, 0]) + canvas))
    return _riff(picture)


def _picture(file: BoundedFile, places: list[tuple[bytes, int, int]]) -> list[tuple[bytes, bytes]]:
    """The chunk with the first picture's pixels, behind its alpha if that is by itself."""
    alpha: list[tuple[bytes, bytes]] = []
    for kind, offset, length in places:
        if kind == b"ALPH":
            alpha = [(kind, file.at(offset, length))]
        elif kind in _PIXELS:
            return [*(alpha if kind == b"VP8 " else []), (kind, file.at(offset, length))]
    raise ImageRejected(_DAMAGED)


def _riff(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"WEBP" + b"".join(_chunk(*each) for each in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def _check_sound(file: BoundedFile) -> None:
    """Raises ImageRejected if the pixels of the image, or of one of its frames, are damaged."""
    frames = list(_check_sound_picture(file, 12, file.size))
    for offset, length in frames:
        for _ in _check_sound_picture(file, offset + _FRAME_HEAD, offset + length):
            raise ImageRejected(_DAMAGED)


def _check_sound_picture(file: BoundedFile, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Checks the picture in the chunks from `start` to `end`; yields where frames are, and how long."""
    alpha = b""
    for kind, offset, length in _chunks(file, start, end):
        file.check_time()
        if kind == b"ANMF":
            yield offset, length
        elif kind == b"ALPH":
            alpha = file.at(offset, length)
        elif kind in _PIXELS:
            if not _is_sound(kind, file.at(offset, length), alpha, file.limits):
                raise ImageRejected(_DAMAGED)
            return


def _is_sound(kind: bytes, data: bytes, alpha: bytes, limits: Limits) -> bool:
    stated = _lossy(data) if kind == b"VP8 " else _lossless(data)
    if stated is None:
        return False
    # The picture is decoded by itself: what its container says of its size is not yet compared.
    limits.check_canvas(stated.width, stated.height)
    if kind == b"VP8L":
        return vp8.is_sound_lossless(data)
    return vp8.is_sound_lossy(data) and vp8.is_sound_alpha(alpha, stated.width, stated.height)


def _open(file: BoundedFile) -> WebPImagePlugin.WebPImageFile:
    file.seek(0)
    return WebPImagePlugin.WebPImageFile(cast(IO[bytes], file))


def _extended(chunk: bytes) -> _Stated | None:
    """VP8X: the canvas, and flags for what the file holds. Source: RFC 9649, section 2.7."""
    if len(chunk) < 10:
        return None
    width, height = (int.from_bytes(chunk[at : at + 3], "little") + 1 for at in (4, 7))
    return _Stated(width, height, bool(chunk[0] & _ALPHA), bool(chunk[0] & _ANIMATED))


def _lossless(chunk: bytes) -> _Stated | None:
    """VP8L: 14 bits each of width and height, less one, and a bit for alpha. Source: RFC 9649, section 3.4."""
    if len(chunk) < 5:
        return None
    bits = int.from_bytes(chunk[1:5], "little")
    return _Stated((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1))


def _lossy(chunk: bytes) -> _Stated | None:
    """VP8: 14 bits each of width and height behind the start code of a key frame. Source: RFC 6386, section 9.1."""
    if len(chunk) < 10 or chunk[3:6] != _START_CODE:
        return None
    width, height = (side & 0x3FFF for side in struct.unpack("<HH", chunk[6:10]))
    return _Stated(width, height, alpha=False)


def _chunks(file: BoundedFile, start: int = 12, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's name, where its data begin, and their length; of all chunks, or of those in a frame."""
    offset = start
    for _ in range(_MAX_CHUNKS):
        if end is not None and offset >= end:
            return
        head = file.at(offset, 8)
        if len(head) < 8:
            return
        kind, length = struct.unpack("<4sI", head)
        yield kind, offset + 8, length
        offset += 8 + length + (length & 1)
    raise ImageRejected(f"The WebP has more than {_MAX_CHUNKS:,} chunks: it was made to be slow to read.")
