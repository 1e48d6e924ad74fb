"""WebPs. Source: RFC 9649, https://www.rfc-editor.org/rfc/rfc9649"""

import struct

from PIL import Image

from bombs.icc import endless_elements, huge_table
from bombs.parts import HALF_SIDE, black, encoded, looping_exif, noise, overlapping_exif, riff_chunk

_ALPHA, _EXIF, _ICC, _XMP, _MOVING = 0x10, 0x08, 0x20, 0x04, 0x02
_FILE = 49_000_000


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def extended(width: int, height: int, flags: int) -> bytes:
    return riff_chunk(b"VP8X", struct.pack("<I", flags) + _three(width - 1) + _three(height - 1))


def picture(image: Image.Image, **options: object) -> bytes:
    """The chunks of one picture: VP8L, or VP8 with its alpha."""
    data = encoded(image, "WEBP", **options)
    start = 12
    if data[12:16] == b"VP8X":
        start += 18
    return data[start:]


def frame(pixels: bytes, width: int, height: int, left: int = 0, top: int = 0, flags: int = 0) -> bytes:
    """One frame; `flags` are 1 for clearing it afterwards, 2 for not blending it."""
    place = _three(left // 2) + _three(top // 2) + _three(width - 1) + _three(height - 1)
    return riff_chunk(b"ANMF", place + _three(50) + bytes([flags]) + pixels)


def moving(
    side: int,
    frames: int,
    *,
    mode: str = "RGBA",
    flags: int = 0,
    height: int | None = None,
    **options: object,
) -> bytes:
    """Frames that are all the same, as large as the canvas."""
    height = height or side
    one = frame(picture(Image.new(mode, (side, height)), **options), side, height, flags=flags)
    return webp(extended(side, height, _MOVING | _ALPHA), riff_chunk(b"ANIM", bytes(6)), *[one] * frames)


def with_chunk(kind: bytes, data: bytes, flag: int) -> bytes:
    """A picture with metadata before it."""
    return webp(extended(64, 64, flag), riff_chunk(kind, data), picture(Image.new("RGB", (64, 64))))


def _noisy(side: int, frames: int) -> bytes:
    one = frame(picture(noise(side), quality=90), side, side)
    return webp(extended(side, side, _MOVING), riff_chunk(b"ANIM", bytes(6)), *[one] * frames)


_SMALL = picture(Image.new("RGB", (64, 64)))

BOMBS = {
    "WebP, 99 MP": lambda: encoded(black(), "WEBP"),
    "WebP, 99 MP, lossless": lambda: encoded(black(), "WEBP", lossless=True, quality=0, method=0),
    "WebP, 99 MP, lossless with alpha": lambda: encoded(
        black("RGBA"), "WEBP", lossless=True, quality=0, method=0, exact=True
    ),
    "WebP, 99 MP, lossy with alpha": lambda: encoded(black("RGBA"), "WEBP", method=0),
    "WebP, 16 MP of noise, lossless": lambda: encoded(
        noise(4_000), "WEBP", lossless=True, quality=0, method=0
    ),
    "WebP, 16,383 × 16,383": lambda: webp(extended(16_383, 16_383, 0), _SMALL),
    "WebP, a canvas of 16,777,216 × 16,777,216": lambda: webp(extended(1 << 24, 1 << 24, 0), _SMALL),
    "WebP, a canvas of 64 × 64 for a picture of 99 MP": lambda: webp(
        extended(64, 64, 0), picture(black(), method=0)
    ),
    "WebP, moving, 2 frames of 9,999 × 9,999": lambda: moving(9_999, 2, mode="RGB", method=0),
    "WebP, moving, 2 frames of 40 MP": lambda: moving(HALF_SIDE, 2, method=0),
    "WebP, moving, 5 frames of 40 MP": lambda: moving(HALF_SIDE, 5, method=0),
    "WebP, moving, 5 frames of 40 MP, lossless": lambda: moving(
        HALF_SIDE, 5, lossless=True, quality=0, method=0, exact=True, flags=1
    ),
    "WebP, moving, 190 frames of 1 MP": lambda: moving(1_020, 190),
    "WebP, moving, 40 frames of 1 MP of noise": lambda: _noisy(1_020, 40),
    "WebP, moving, 3,000 frames": lambda: moving(256, 3_000),
    "WebP, moving, 1,500 frames of noise": lambda: _noisy(256, 1_500),
    "WebP, moving, 3,000 frames of 16,383 × 4": lambda: moving(16_383, 3_000, height=4),
    "WebP, moving, 1,000,000 frames": lambda: webp(
        extended(2, 2, _MOVING), riff_chunk(b"ANIM", bytes(6)), *[frame(b"", 1, 1)] * 1_000_000
    ),
    "WebP, moving, a frame of 99 MP on a canvas of 64 × 64": lambda: webp(
        extended(64, 64, _MOVING),
        riff_chunk(b"ANIM", bytes(6)),
        frame(_SMALL, 64, 64),
        frame(picture(black(), method=0), 9_950, 9_950),
    ),
    "WebP, 1,000,000 chunks": lambda: webp(extended(64, 64, _EXIF), riff_chunk(b"JUNK") * 1_000_000, _SMALL),
    "WebP, 190,000 chunks": lambda: webp(extended(64, 64, _EXIF), riff_chunk(b"JUNK") * 190_000, _SMALL),
    "WebP, 49 MB of XMP": lambda: with_chunk(b"XMP ", b"x" * _FILE, _XMP),
    "WebP, 49 MB of EXIF that overlaps": lambda: with_chunk(
        b"EXIF", overlapping_exif(_FILE - 800_000), _EXIF
    ),
    "WebP, EXIF that loops": lambda: with_chunk(b"EXIF", looping_exif(), _EXIF),
    "WebP, an ICC profile of zeros of 49 MB": lambda: with_chunk(b"ICCP", bytes(_FILE), _ICC),
    "WebP, an ICC table of 48 MB": lambda: with_chunk(b"ICCP", huge_table(250), _ICC),
    "WebP, an ICC profile of 5,000,000 steps": lambda: with_chunk(b"ICCP", endless_elements(3_000_000), _ICC),
}
