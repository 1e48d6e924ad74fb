"""The strips and tiles of a TIFF: whether they are there, and whole, as far as their compression shows it.

Source: TIFF 6.0, sections 9 (PackBits) and 11 (fax), https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
"""

import zlib
from collections.abc import Iterator

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import jpeg, libtiff
from imageservice.engine.containers import tiff_directory as tags
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.libtiff import DAMAGED
from imageservice.engine.containers.tiff_directory import Directory

FAX, JPEG, DEFLATE, PACKBITS = (2, 3, 4), 7, (8, 32946), 32773
_CUT_OFF = "The TIFF is cut off: it ends before its last pixel."
_SEPARATE = 2
_PIECE = 1 << 20
# Strips may be padded to an even length, or a multiple of four bytes.
_PADDING = 3
_NOTHING = 128
# Tiles are as wide and high as whole blocks. So few pixels do no harm, however small the image is.
_BLOCK, _SMALL = 64, 4_000_000
_SOMETIMES = 0xFFFF


def check_strips(file: BoundedFile, directory: Directory) -> None:
    """Raises ImageRejected if a strip or tile is missing or damaged, as far as its compression shows it."""
    compression = directory.first(tags.COMPRESSION, 1)
    tables = directory.blocks.get(tags.JPEG_TABLES, b"")
    # All but the last are as large as the first; the last one may be.
    full = _unpacked(directory, 0)
    for number, (offset, length) in enumerate(_places(directory)):
        file.check_time()
        if offset + length > file.size:
            raise ImageRejected(_CUT_OFF)
        if compression in DEFLATE:
            _check_deflate(file, offset, length, most=full + _PIECE)
        elif compression == JPEG:
            data = file.at(offset, length)
            jpeg.check(tables[:-2] + data[2:] if tables else data, _most_pixels(directory))
        elif compression == PACKBITS:
            _check_packbits(file, file.at(offset, length), _unpacked(directory, number))
    if compression in FAX:
        _check_fax(file, directory)


def row_bytes(directory: Directory, width: int) -> int:
    """How many bytes a row of `width` pixels has, in one plane where planes are separate."""
    depths = directory.tags.get(tags.BITS) or (1,)
    samples = 1 if directory.first(tags.PLANES, 1) == _SEPARATE else directory.first(tags.SAMPLES, 1)
    return (width * samples * depths[0] + 7) // 8


def _places(directory: Directory) -> Iterator[tuple[int, int]]:
    """Where each strip or tile is, and how long it is."""
    for offsets, lengths in (
        (tags.STRIP_OFFSETS, tags.STRIP_LENGTHS),
        (tags.TILE_OFFSETS, tags.TILE_LENGTHS),
    ):
        yield from zip(directory.tags.get(offsets, ()), directory.tags.get(lengths, ()), strict=False)


def _unpacked(directory: Directory, number: int) -> int:
    """How many bytes the strip or tile of this number decodes to."""
    if tags.TILE_OFFSETS in directory.tags:
        return row_bytes(directory, directory.first(tags.TILE_WIDTH, 0)) * directory.first(
            tags.TILE_HEIGHT, 0
        )
    width, height = directory.size
    rows = min(directory.first(tags.ROWS, height), height) or 1
    per_plane = -(-height // rows)
    return row_bytes(directory, width) * min(rows, height - number % max(1, per_plane) * rows)


def check_tiles(directory: Directory) -> None:
    """Raises ImageRejected if a tile has far more pixels than the image: libtiff needs the memory of a whole one."""
    tile = directory.first(tags.TILE_WIDTH, 0) * directory.first(tags.TILE_HEIGHT, 0)
    if tile > _most_pixels(directory):
        raise ImageRejected("The TIFF is damaged: its tiles are larger than the image.")


def _most_pixels(directory: Directory) -> int:
    """The most pixels of a tile or strip."""
    width, height = directory.size
    return max(_SMALL, (width + _BLOCK) * (height + _BLOCK))


def _check_deflate(file: BoundedFile, offset: int, length: int, most: int) -> None:
    """Raises ImageRejected if the data are damaged, or inflate to more than `most` bytes.

    libtiff stops at the last pixel, and so before the checksum.
    """
    inflater = zlib.decompressobj()
    pending = file.at(offset, length)
    made = 0
    try:
        while not inflater.eof and pending:
            made += len(inflater.decompress(pending, _PIECE))
            file.check_time()
            if made > most:
                raise ImageRejected("The TIFF is damaged: a part of it inflates to more than its pixels.")
            pending = inflater.unconsumed_tail
    except zlib.error as error:
        raise ImageRejected(DAMAGED) from error
    if not inflater.eof:
        raise ImageRejected(_CUT_OFF)


def _check_packbits(file: BoundedFile, data: bytes, expected: int) -> None:
    """Raises ImageRejected unless the runs give just the strip's bytes, and take all of its data."""
    at = made = runs = 0
    end = len(data)
    while at < end and made < expected:
        head = data[at]
        runs += 1
        if head < _NOTHING:
            at += head + 2
            made += head + 1
        else:
            at += 2 if head > _NOTHING else 1
            made += 257 - head if head > _NOTHING else 0
        if not runs & _SOMETIMES:
            file.check_time()
    if made != expected or not end - _PADDING <= at <= end:
        raise ImageRejected(DAMAGED)


def _check_fax(file: BoundedFile, directory: Directory) -> None:
    """Raises ImageRejected where libtiff finds a code that is none, or a row of the wrong length."""
    if tags.TILE_OFFSETS in directory.tags:
        return
    width, height = directory.size
    with libtiff.opened(file.at(0, file.size), directory.offset) as page:
        for _ in page.bands(height, row_bytes(directory, width)):
            file.check_time()
        if page.complaints:
            raise ImageRejected(DAMAGED)
