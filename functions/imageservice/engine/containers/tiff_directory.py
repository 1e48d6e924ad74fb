"""The directories of a TIFF: one for each page, with its tags. Which page is the image is decided here.

Sources: TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf; BigTIFF,
https://libtiff.gitlab.io/libtiff/specification/bigtiff.html
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers.bounded_file import BoundedFile

SUBFILE_TYPE, OLD_SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = (
    254,
    255,
    256,
    257,
    258,
    259,
    262,
)
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS, STRIP_LENGTHS, PLANES = 273, 274, 277, 278, 279, 284
COLOR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_LENGTHS = 320, 322, 323, 324, 325
SUB_IFDS, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, PROFILE, DNG_VERSION = 330, 338, 339, 347, 34675, 50706
# The tags whose numbers are read; of others, only what their entries hold.
_READ = frozenset(
    {
        *(SUBFILE_TYPE, OLD_SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIP_OFFSETS),
        *(ORIENTATION, SAMPLES, ROWS, STRIP_LENGTHS, PLANES, COLOR_MAP, TILE_WIDTH, TILE_HEIGHT),
        *(TILE_OFFSETS, TILE_LENGTHS, EXTRA_SAMPLES, SAMPLE_FORMAT),
    }
)

_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
# The bytes of each type of value.
_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_MAX_ENTRIES = 4_096
_MAX_BLOCK = 8_000_000
# 100 megapixels in tiles of 16 × 16, in four planes, have 1.6 million.
_MAX_NUMBERS = 2_000_000
_PIECE = 1 << 20
# A smaller version of the image is one of the first pages, where there is one. Scans may have hundreds.
_MAX_PAGES = 16
# Of a scan, the first page is the image, also where another is a little larger, or twice as large.
_MUCH_LARGER = 2


@dataclass(frozen=True)
class Directory:
    """The integers of one page's tags; `blocks` has the bytes of its JPEG tables and its ICC profile.

    `number` counts pages from 0, `offset` is where the directory is in the file, and `next` the following page's.
    """

    number: int
    offset: int
    next: int
    tags: dict[int, tuple[int, ...]] = field(default_factory=dict)
    blocks: dict[int, bytes] = field(default_factory=dict)

    def first(self, tag: int, default: int) -> int:
        """The tag's first number."""
        return (self.tags.get(tag) or (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """Stored width and height."""
        return self.first(WIDTH, 0), self.first(HEIGHT, 0)

    @property
    def is_reduced(self) -> bool:
        """Whether the page says that it is a smaller version of another, or a mask."""
        kind = self.first(SUBFILE_TYPE, 0)
        return bool(kind & (_REDUCED | _MASK)) or self.first(OLD_SUBFILE_TYPE, 0) == _OLD_REDUCED


def is_big_endian_bigtiff(file: BoundedFile) -> bool:
    """Whether the file is a BigTIFF in an order of bytes in which Pillow can't read it."""
    return file.at(0, 4) == b"MM\0+"


def read_directory(file: BoundedFile) -> Directory:
    """The directory of the page that is the image. Raises ImageRejected.

    That is the first page that is not a smaller version of another; but the largest, if it has more than twice the
    pixels: some programs write a preview first, and don't say that it is one.
    """
    pages = list(_pages(file))
    whole = [page for page in pages if not page.is_reduced] or pages
    largest = max(whole, key=_pixels)
    chosen = largest if _pixels(largest) > _MUCH_LARGER * _pixels(whole[0]) else whole[0]
    return _read(file, chosen.number, chosen.offset, everything=True)


def is_preview_of_raw(file: BoundedFile) -> bool:
    """Whether the first page is a smaller version of what only directories below it hold, as in camera RAW files."""
    first = next(_pages(file))
    return first.is_reduced and SUB_IFDS in first.tags


def _pixels(page: Directory) -> int:
    width, height = page.size
    return width * height


def _pages(file: BoundedFile) -> Iterator[Directory]:
    """The first pages, without long lists of numbers."""
    head = file.at(0, 16)
    big = head[2:4] in (b"+\0", b"\0+")
    offset = int.from_bytes(head[8:16] if big else head[4:8], "little" if head[:2] == b"II" else "big")
    seen: set[int] = set()
    for number in range(_MAX_PAGES):
        if number and (not offset or offset in seen):
            return
        seen.add(offset)
        try:
            page = _read(file, number, offset, everything=False)
        except ImageRejected:
            # What follows the first page may be damaged without harm to it.
            if number:
                return
            raise
        yield page
        offset = page.next


def _read(file: BoundedFile, number: int, start: int, everything: bool) -> Directory:
    """One directory; unless `everything`, no more of a value than its entry holds."""
    head = file.at(0, 4)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    size, form, word = (20, "HHQ8s", "Q") if big else (12, "HHI4s", "I")
    count = struct.unpack(order + ("Q" if big else "H"), _exactly(file, start, 8 if big else 2))[0]
    if not 0 < count <= _MAX_ENTRIES:
        raise ImageRejected("The TIFF is damaged: its directory is.")
    behind = start + (8 if big else 2) + size * count
    entries = _exactly(file, behind - size * count, size * count)
    following = file.at(behind, struct.calcsize(word))
    directory = Directory(number, start, int.from_bytes(following, "little" if order == "<" else "big"))
    total = 0
    for at in range(0, len(entries), size):
        tag, kind, items, value = struct.unpack_from(order + form, entries, at)
        length = _SIZES.get(kind, 1) * items
        total += length
        if total > file.size + _PIECE:
            raise ImageRejected("The TIFF is damaged: its directory names more bytes than it has.")
        if kind in _INTEGERS and tag in _READ and items > _MAX_NUMBERS:
            raise ImageRejected(
                f"The TIFF has a list of more than {_MAX_NUMBERS:,} numbers: it was made to be slow to read."
            )
        data = value[:length]
        if everything and length > len(value):
            data = (
                file.at(struct.unpack(order + word, value)[0], length) if _is_used(tag, kind, length) else b""
            )
        if kind in _INTEGERS and tag not in directory.tags:
            fitting = len(data) // _SIZES[kind]
            directory.tags[tag] = struct.unpack_from(f"{order}{fitting}{_INTEGERS[kind]}", data)
        elif tag in (JPEG_TABLES, PROFILE):
            directory.blocks[tag] = data
    return directory


def _is_used(tag: int, kind: int, length: int) -> bool:
    return (kind in _INTEGERS and tag in _READ) or (tag in (JPEG_TABLES, PROFILE) and length <= _MAX_BLOCK)


def _exactly(file: BoundedFile, offset: int, length: int) -> bytes:
    data = file.at(offset, length)
    if len(data) < length:
        raise ImageRejected("The TIFF is cut off: it ends before its directory.")
    return data
