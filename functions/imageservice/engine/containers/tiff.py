"""TIFF: its first directory is read here, its pixels by Pillow and libtiff, which turn it upright.

Sources: TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf; BigTIFF,
https://libtiff.gitlab.io/libtiff/specification/bigtiff.html
"""

import struct
import zlib
from collections.abc import Iterator
from typing import IO, cast

from PIL import Image, ImageChops, TiffImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import jpeg
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sniff import refused
from imageservice.engine.pixels.bit_depth import eight_bit

_SUBFILE_TYPE, _BITS_PER_SAMPLE, _COMPRESSION, _PHOTOMETRIC = 254, 258, 259, 262
_STRIP_OFFSETS, _STRIP_LENGTHS, _PLANES, _COLOR_MAP, _TILE_OFFSETS, _TILE_LENGTHS = (
    273,
    279,
    284,
    320,
    324,
    325,
)
_SUB_IFDS, _SAMPLE_FORMAT, _JPEG_TABLES, _DNG_VERSION = 330, 339, 347, 50706
_UNSIGNED = 1
_MIN_IS_WHITE, _YCBCR, _CFA, _LINEAR_RAW = 0, 6, 32803, 34892
_SEPARATE = 2
_REDUCED = 1
_JPEG, _DEFLATE = 7, (8, 32946)
_DECODED = {1, 2, 3, 4, 5, 6, _JPEG, *_DEFLATE, 32773, 34925, 50000}
_COMPRESSIONS = {
    34676: "LogLuv",
    34677: "LogLuv",
    34712: "JPEG 2000",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34887: "LERC",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_ALPHA_MODES = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
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
_PIECE = 1 << 20
_DAMAGED = "The TIFF is damaged: its pixels can't be decoded."
_CUT_OFF = "The TIFF is cut off: it ends before its last pixel."

_Directory = dict[int, tuple[int, ...]]


def read_header(file: BoundedFile) -> Header:
    """The header of a TIFF's first page. Raises ImageRejected."""
    directory = _read_directory(file)
    photometric = directory.get(_PHOTOMETRIC, (1,))[0]
    reduced = bool(directory.get(_SUBFILE_TYPE, (0,))[0] & _REDUCED)
    raw = _DNG_VERSION in directory or photometric in (_CFA, _LINEAR_RAW)
    if raw or (reduced and _SUB_IFDS in directory):
        raise refused("Camera RAW (DNG, NEF, ARW and the like)")
    compression = directory.get(_COMPRESSION, (1,))[0]
    if compression not in _DECODED:
        name = _COMPRESSIONS.get(compression, f"method {compression}")
        raise ImageRejected(f"A TIFF compressed by {name} is not accepted; send it as JPEG or PNG.")
    if photometric == _YCBCR and directory.get(_PLANES, (1,))[0] == _SEPARATE:
        raise ImageRejected("A TIFF of YCbCr in separate planes is not accepted; send it as JPEG or PNG.")
    image = _open(file)
    # Scans of 12 bits a sample come from Pillow in 16, unscaled.
    bits = 12 if directory.get(_BITS_PER_SAMPLE) == (12,) else 16
    return Header("tiff", *image.size, alpha=image.mode in _ALPHA_MODES, wide_bits=bits)


def decode(file: BoundedFile) -> Image.Image:
    """The pixels of the first page, upright. Raises ImageRejected."""
    directory = _read_directory(file)
    _check_parts(file, directory)
    image: Image.Image = _open(file)
    image.load()
    if image.mode == "P":
        _widen_color_map(image, directory.get(_COLOR_MAP, ()))
    info = image.info
    if image.mode.startswith("I;16") and directory.get(_PHOTOMETRIC) == (_MIN_IS_WHITE,):
        # Pillow inverts 8 bits by itself, but not 16.
        bits = 12 if directory.get(_BITS_PER_SAMPLE) == (12,) else 16
        image = ImageChops.invert(eight_bit(image, bits))
    unsigned = directory.get(_SAMPLE_FORMAT, (_UNSIGNED,))[0] == _UNSIGNED
    # An image of one band, as here, has one pair; the type covers images of several too.
    # An image of one band, as I is, has one pair; the type covers images of several too.
    if image.mode == "I" and unsigned and image.getextrema()[0] < 0:  # type: ignore[operator]
        # Pillow takes 32 bits for signed numbers. The top byte is the last of each four.
        image = Image.frombytes("RGBA", image.size, image.tobytes("raw", "I")).getchannel("A")
    image.info = info
    return image


def _widen_color_map(image: Image.Image, levels: tuple[int, ...]) -> None:
    """Some writers give colors in 8 bits where 16 are due. As in libtiff, no level above 255 tells them."""
    if levels and max(levels) <= 255:
        colors = len(levels) // 3
        image.putpalette(bytes(levels[channel * colors + at] for at in range(colors) for channel in range(3)))


def _open(file: BoundedFile) -> TiffImagePlugin.TiffImageFile:
    file.seek(0)
    return TiffImagePlugin.TiffImageFile(cast(IO[bytes], file))


def _read_directory(file: BoundedFile) -> _Directory:
    """The integers of the first directory by tag. Raises ImageRejected."""
    head = file.at(0, 16)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", head.ljust(4, b"\0"), 2)[0] == 43
    if big and order == ">":
        raise ImageRejected("A BigTIFF in big-endian order is not accepted; send it as JPEG or PNG.")
    size, form = (20, "HHQ8s") if big else (12, "HHI4s")
    start = int.from_bytes(head[8:16] if big else head[4:8], "little" if order == "<" else "big")
    count = struct.unpack(order + ("Q" if big else "H"), _exactly(file, start, 8 if big else 2))[0]
    if not 0 < count <= _MAX_ENTRIES:
        raise ImageRejected("The TIFF is damaged: its directory is.")
    entries = _exactly(file, start + (8 if big else 2), size * count)
    directory: _Directory = {}
    total = 0
    for at in range(0, len(entries), size):
        tag, kind, number, value = struct.unpack_from(order + form, entries, at)
        length = _SIZES.get(kind, 1) * number
        total += length
        if total > file.size + _PIECE:
            raise ImageRejected("The TIFF is damaged: its directory names more bytes than it has.")
        if kind in _INTEGERS and tag not in directory:
            where = int.from_bytes(value, "little" if order == "<" else "big")
            data = value[:length] if length <= len(value) else file.at(where, length)
            fit = len(data) // _SIZES[kind]
            directory[tag] = struct.unpack_from(f"{order}{fit}{_INTEGERS[kind]}", data)
        elif tag == _JPEG_TABLES:
            where = int.from_bytes(value, "little" if order == "<" else "big")
            directory[tag] = tuple(file.at(where, length))
    return directory


def _exactly(file: BoundedFile, offset: int, length: int) -> bytes:
    data = file.at(offset, length)
    if len(data) < length:
        raise ImageRejected("The TIFF is cut off: it ends before its directory.")
    return data


def _check_parts(file: BoundedFile, directory: _Directory) -> None:
    """Raises ImageRejected if a strip or tile is missing or damaged, as far as its compression shows it."""
    compression = directory.get(_COMPRESSION, (1,))[0]
    tables = bytes(directory.get(_JPEG_TABLES, ()))
    for offset, length in _parts(directory):
        file.check_time()
        if offset + length > file.size:
            raise ImageRejected(_CUT_OFF)
        if compression in _DEFLATE:
            _check_deflate(file, offset, length)
        elif compression == _JPEG:
            jpeg.check(tables[:-2] + file.at(offset, length)[2:] if tables else file.at(offset, length))


def _parts(directory: _Directory) -> Iterator[tuple[int, int]]:
    """Where each strip or tile is, and how long it is."""
    for offsets, lengths in ((_STRIP_OFFSETS, _STRIP_LENGTHS), (_TILE_OFFSETS, _TILE_LENGTHS)):
        yield from zip(directory.get(offsets, ()), directory.get(lengths, ()), strict=False)


def _check_deflate(file: BoundedFile, offset: int, length: int) -> None:
    """libtiff stops at the last pixel, and so before the checksum."""
    inflater = zlib.decompressobj()
    pending = file.at(offset, length)
    try:
        while not inflater.eof and pending:
            inflater.decompress(pending, _PIECE)
            file.check_time()
            pending = inflater.unconsumed_tail
    except zlib.error as error:
        raise ImageRejected(_DAMAGED) from error
    if not inflater.eof:
        raise ImageRejected(_CUT_OFF)
