"""The parts that containers are made of, and the few pictures that bombs hold."""

import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

SIDE = 9_950
"""The side of a square of 99 megapixels, just within the limit."""
HALF_SIDE = 6_300
"""The side of a square of which five fit into the limit of an animation."""


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@cache
def noise(side: int, mode: str = "RGB") -> Image.Image:
    """What compresses and decodes worst."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    return Image.merge(mode, [Image.effect_noise((side, side), 120) for _ in range(bands)])


def black(mode: str = "RGB", side: int = SIDE) -> Image.Image:
    return Image.new(mode, (side, side))


def png_chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def riff_chunk(kind: bytes, data: bytes = b"") -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def segment(marker: int, data: bytes = b"") -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def directory(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """A little-endian TIFF directory: tag, type, count, value or offset."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def tiff(entries: list[tuple[int, int, int, int]], data: bytes = b"", following: int = 0) -> bytes:
    """A TIFF or an EXIF block with one directory, and behind it `data`, which begins at `data_offset(entries)`."""
    return b"II*\0\x08\0\0\0" + directory(entries, following) + data


def data_offset(entries: int) -> int:
    return 8 + 2 + 12 * entries + 4


def looping_exif() -> bytes:
    """EXIF whose directories are each other's and their own next, and one's Exif, GPS and Interoperability."""
    entries = [(0x0112, 3, 1, 6), (0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8), (0x014A, 4, 1, 8)]
    return tiff(entries, following=8)


def overlapping_exif(length: int, entries: int = 60_000) -> bytes:
    """EXIF with thousands of values, each of which is all of the block's `length` bytes."""
    start = data_offset(entries)
    return tiff(
        [(0x0112, 3, 1, 6)] + [(0x9000 + at % 4_000, 7, length, start) for at in range(entries - 1)],
        bytes(length),
    )
