"""TIFFs. Sources: TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf; BigTIFF,
https://libtiff.gitlab.io/libtiff/specification/bigtiff.html
"""

import struct
import zlib
from collections.abc import Callable
from functools import partial

from PIL import Image

from bombs.icc import endless_elements, huge_table
from bombs.parts import SIDE, black, directory, encoded, noise

_SHORT, _LONG, _UNDEFINED = 3, 4, 7
_FORMS = {1: "B", _SHORT: "H", _LONG: "I", _UNDEFINED: "B"}
_FILE = 49_000_000
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIPS, SAMPLES, ROWS, LENGTHS, PLANES = 273, 277, 278, 279, 284
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_LENGTHS = 322, 323, 324, 325
_SUB_IFDS, _XMP, _ICC, _EXIF = 330, 700, 34675, 34665
NONE, LZW, JPEG, DEFLATE, PACKBITS = 1, 5, 7, 8, 32773

Tags = dict[int, tuple[int, list[int] | bytes]]


def built(tags: Tags, data: bytes = b"", following: int = 0) -> bytes:
    """A TIFF of one directory with these tags (each its type and values). `data` begin at offset 8."""
    entries, values = [], b""
    start = 8 + len(data)
    for tag, (kind, numbers) in tags.items():
        packed = (
            numbers if isinstance(numbers, bytes) else struct.pack(f"<{len(numbers)}{_FORMS[kind]}", *numbers)
        )
        count = len(packed) // struct.calcsize(_FORMS[kind])
        if len(packed) <= 4:
            entries.append((tag, kind, count, int.from_bytes(packed.ljust(4, b"\0"), "little")))
        else:
            entries.append((tag, kind, count, start + len(values)))
            values += packed + bytes(len(packed) % 2)
    head = b"II*\0" + struct.pack("<I", start + len(values))
    return head + data + values + directory(entries, following)


def image(
    width: int = SIDE,
    height: int = SIDE,
    *,
    samples: int = 3,
    bits: int = 8,
    compression: int = NONE,
    photometric: int | None = None,
    planes: int = 1,
) -> Tags:
    """The tags of an image, without its strips."""
    color = photometric if photometric is not None else {1: 1, 2: 1, 3: 2, 4: 5}[samples]
    tags: Tags = {
        WIDTH: (_LONG, [width]),
        HEIGHT: (_LONG, [height]),
        BITS: (_SHORT, [bits] * samples),
        COMPRESSION: (_SHORT, [compression]),
        PHOTOMETRIC: (_SHORT, [color]),
        SAMPLES: (_SHORT, [samples]),
        PLANES: (_SHORT, [planes]),
    }
    if samples == 2:
        tags[338] = _SHORT, [2]
    return tags


def strips(tags: Tags, strip: bytes, rows: int = 1, parts: int | None = None) -> bytes:
    """An image whose strips are all the same bytes of the file."""
    height = int(tags[HEIGHT][1][0])
    count = parts or -(-height // rows) * (int(tags[SAMPLES][1][0]) if tags[PLANES][1] == [2] else 1)
    placed: Tags = {
        ROWS: (_LONG, [rows]),
        STRIPS: (_LONG, [8] * count),
        LENGTHS: (_LONG, [len(strip)] * count),
    }
    return built({**tags, **placed}, strip)


def tiles(tags: Tags, tile: bytes, side: int, parts: int | None = None, height: int | None = None) -> bytes:
    """An image whose tiles are all the same bytes of the file."""
    high = height or side
    across, down = -(-int(tags[WIDTH][1][0]) // side), -(-int(tags[HEIGHT][1][0]) // high)
    count = parts or across * down
    placed: Tags = {
        TILE_WIDTH: (_LONG, [side]),
        TILE_HEIGHT: (_LONG, [high]),
        TILES: (_LONG, [8] * count),
        TILE_LENGTHS: (_LONG, [len(tile)] * count),
    }
    return built({**tags, **placed}, tile)


def by_pillow(mode: str, compression: str) -> bytes:
    return encoded(black(mode), "TIFF", compression=compression)


def with_tag(tag: int, kind: int, values: list[int] | bytes) -> bytes:
    """A small image with one more tag."""
    return built(
        {
            **image(64, 64),
            ROWS: (_LONG, [64]),
            STRIPS: (_LONG, [8]),
            LENGTHS: (_LONG, [12_288]),
            tag: (kind, values),
        },
        bytes(12_288),
    )


def jpeg(width: int, height: int, **options: object) -> bytes:
    return encoded(Image.new("YCbCr", (width, height)), "JPEG", quality=1, **options)


def huge_jpeg() -> bytes:
    """A JPEG of 65,500 × 65,500 pixels, of which only the header is there."""
    data = encoded(Image.new("L", (64, 64)), "JPEG", progressive=True)
    at = data.index(b"\xff\xc2") + 5
    return data[:at] + struct.pack(">HH", 65_500, 65_500) + data[at + 4 :]


def big(entries: int) -> bytes:
    """A BigTIFF that says it has that many entries."""
    return b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, entries) + bytes(1_000)


_ZEROS = zlib.compress(bytes(10_000_000), 9)
_ROW = 3 * SIDE

BOMBS: dict[str, Callable[[], bytes]] = {
    **{
        f"TIFF, 99 MP, {mode}, {name}": partial(by_pillow, mode, compression)
        for mode, name, compression in (
            ("RGB", "LZW", "tiff_lzw"),
            ("RGB", "deflate", "tiff_adobe_deflate"),
            ("RGB", "PackBits", "packbits"),
            ("RGB", "Zstandard", "zstd"),
            ("RGB", "LZMA", "lzma"),
            ("RGB", "JPEG", "jpeg"),
            ("RGBA", "LZW", "tiff_lzw"),
            ("CMYK", "LZW", "tiff_lzw"),
            ("L", "deflate", "tiff_adobe_deflate"),
            ("LA", "deflate", "tiff_adobe_deflate"),
            ("P", "LZW", "tiff_lzw"),
            ("I;16", "LZW", "tiff_lzw"),
            ("I", "deflate", "tiff_adobe_deflate"),
            ("F", "deflate", "tiff_adobe_deflate"),
            ("LAB", "deflate", "tiff_adobe_deflate"),
            ("1", "fax G3", "group3"),
            ("1", "fax G4", "group4"),
            ("1", "PackBits", "packbits"),
        )
    },
    "TIFF, 99 MP, RGB in 16 bits, deflate": lambda: strips(
        image(bits=16, compression=DEFLATE), zlib.compress(bytes(2 * _ROW))
    ),
    "TIFF, 99 MP, RGBA in 16 bits, separate planes, deflate": lambda: strips(
        image(bits=16, samples=3, planes=2, compression=DEFLATE), zlib.compress(bytes(2 * SIDE))
    ),
    "TIFF, 99 MP, CMYK in 16 bits, deflate": lambda: strips(
        image(bits=16, samples=4, compression=DEFLATE), zlib.compress(bytes(8 * SIDE))
    ),
    "TIFF, 99 MP, floats, deflate": lambda: strips(
        {**image(bits=32, samples=1, compression=DEFLATE), 339: (_SHORT, [3])}, zlib.compress(bytes(4 * SIDE))
    ),
    "TIFF, 99 MP in strips that are all the same row": lambda: strips(image(), bytes(_ROW)),
    "TIFF, 99 MP in tiles of 16 × 16 that are all the same": lambda: tiles(image(), bytes(768), 16),
    "TIFF, 99 MP in deflate tiles that are all the same": lambda: tiles(
        image(compression=DEFLATE), zlib.compress(bytes(3 * 65_536)), 256
    ),
    "TIFF, 99 MP in JPEG tiles that are all the same": lambda: tiles(
        image(compression=JPEG, photometric=6), jpeg(256, 256), 256
    ),
    "TIFF, 9,950 strips that each inflate to 10 MB": lambda: strips(image(compression=DEFLATE), _ZEROS),
    "TIFF, 6,000,000 strips of one row": lambda: strips(image(compression=DEFLATE), _ZEROS, parts=6_000_000),
    "TIFF, 1,000 strips that are each a JPEG of 99 MP": lambda: strips(
        image(64, 1_000, compression=JPEG, photometric=6), jpeg(SIDE, SIDE)
    ),
    "TIFF, a strip that is a JPEG of 4,290 MP": lambda: strips(
        image(64, 64, samples=1, compression=JPEG), huge_jpeg(), rows=64
    ),
    "TIFF, 64 × 64 in a tile of 25,600 × 25,600": lambda: tiles(
        image(64, 64, compression=DEFLATE), zlib.compress(bytes(25_600 * 25_600 * 3), 9), 25_600
    ),
    "TIFF, 64 × 64 in a tile of 2,147,483,632 × 16": lambda: tiles(
        image(64, 64), bytes(768), 0x7FFFFFF0, height=16
    ),
    "TIFF, 64 × 64 in a strip of 4,294,967,295 rows": lambda: strips(
        image(64, 64), bytes(12_288), rows=0xFFFFFFFF
    ),
    "TIFF, 99 MP of noise in PackBits strips that are all the same": lambda: strips(
        image(compression=PACKBITS),
        b"".join(b"\x7f" + noise(128, "L").tobytes()[at : at + 128] for at in range(0, _ROW, 128)),
    ),
    "TIFF, 24,000,000 strip offsets": lambda: strips(image(64, 64), b"", parts=6_000_000),
    "TIFF, a color map of 49 MB": lambda: with_tag(320, _SHORT, bytes(_FILE)),
    "TIFF, 49,000,000 bits per sample": lambda: with_tag(258, 1, bytes(_FILE)),
    "TIFF, a tag of 49 MB of small numbers": lambda: with_tag(_SUB_IFDS, _SHORT, b"\x11\x22" * (_FILE // 2)),
    "TIFF, 4,000 tags that are all the whole file": lambda: built(
        {tag: (_UNDEFINED, bytes(12)) for tag in range(1_000, 5_000)}
    ),
    "TIFF, 65,535 tags": lambda: built({tag: (_SHORT, [1]) for tag in range(65_535)}),
    "TIFF, a directory that is its own next": lambda: built(
        {**image(64, 64), ROWS: (_LONG, [64]), STRIPS: (_LONG, [8]), LENGTHS: (_LONG, [12_288])},
        bytes(12_288),
        following=12_296 + 6,
    ),
    "TIFF, directories within that loop": lambda: with_tag(_SUB_IFDS, _LONG, [8, 12_296, 12_302] * 10_000),
    "TIFF, EXIF that is the directory itself": lambda: with_tag(_EXIF, _LONG, [12_302]),
    "TIFF, 49 MB of XMP": lambda: with_tag(_XMP, 1, bytes(_FILE)),
    "TIFF, an ICC table of 48 MB": lambda: with_tag(_ICC, _UNDEFINED, huge_table(250)),
    "TIFF, an ICC profile of 3,000,000 steps": lambda: with_tag(
        _ICC, _UNDEFINED, endless_elements(3_000_000)
    ),
    "BigTIFF, 2^62 entries": lambda: big(1 << 62),
    "BigTIFF, 4,000 entries": lambda: big(4_000),
}
