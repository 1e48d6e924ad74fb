"""Rows of samples from a TIFF, as libtiff decodes them: for the kinds that Pillow does not know, and for its warnings.

The library is in Pillow's wheel. Source: https://libtiff.gitlab.io/libtiff/functions.html
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from imageservice.core.errors import ImageRejected

_MAX_ALLOCATION = 400_000_000
# Rows of a stripped page that are read at a time.
_BAND_BYTES = 16_000_000
_LOGLUV_FORMAT, _LOGLUV_FLOATS = 65560, 0
_HANDLED = 1
DAMAGED = "The TIFF is damaged: its pixels can't be decoded."

_READ = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)
_SEEK = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int)
_CLOSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_SIZE = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)
_MAP = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_uint64)
)
_UNMAP = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64)
_HANDLER = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p
)


@cache
def _library() -> ctypes.CDLL:
    # Not at the top: only some TIFFs need it. The extension is linked to the library; through it, its functions are
    # found.
    from PIL import _imaging

    library = ctypes.CDLL(_imaging.__file__)
    pointer, number, size = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_ssize_t
    for name, result, *arguments in (
        ("TIFFOpenOptionsAlloc", pointer),
        ("TIFFOpenOptionsFree", None, pointer),
        ("TIFFOpenOptionsSetMaxSingleMemAlloc", None, pointer, size),
        ("TIFFOpenOptionsSetMaxCumulatedMemAlloc", None, pointer, size),
        ("TIFFOpenOptionsSetErrorHandlerExtR", None, pointer, _HANDLER, pointer),
        ("TIFFOpenOptionsSetWarningHandlerExtR", None, pointer, _HANDLER, pointer),
        (
            "TIFFClientOpenExt",
            pointer,
            *(ctypes.c_char_p, ctypes.c_char_p, pointer),
            *(_READ, _READ, _SEEK, _CLOSE, _SIZE, _MAP, _UNMAP, pointer),
        ),
        ("TIFFClose", None, pointer),
        ("TIFFSetSubDirectory", ctypes.c_int, pointer, ctypes.c_uint64),
        ("TIFFSetField", ctypes.c_int, pointer, number, ctypes.c_int),
        ("TIFFIsTiled", ctypes.c_int, pointer),
        ("TIFFScanlineSize", size, pointer),
        ("TIFFTileSize", size, pointer),
        ("TIFFReadScanline", ctypes.c_int, pointer, pointer, number, ctypes.c_uint16),
        ("TIFFReadTile", size, pointer, pointer, number, number, number, ctypes.c_uint16),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Page:
    """One page of a TIFF. `complaints` are the templates of libtiff's warnings and errors about it, as bytes."""

    def __init__(self, handle: int, complaints: list[bytes]) -> None:
        self._handle = handle
        self.complaints = complaints

    def use_floats_of_logluv(self) -> None:
        """Has pixels of LogLuv decoded to X, Y and Z (of LogL to Y) in floats of 32 bits."""
        _library().TIFFSetField(self._handle, _LOGLUV_FORMAT, _LOGLUV_FLOATS)

    def bands(self, height: int, row_bytes: int, plane: int = 0) -> Iterator[tuple[int, bytearray]]:
        """Of a page in strips, some rows at a time: the first one's number, and their bytes.

        `row_bytes` is what the caller expects of a row. Raises ImageRejected.
        """
        library = _library()
        if library.TIFFIsTiled(self._handle) or library.TIFFScanlineSize(self._handle) != row_bytes:
            raise ImageRejected(DAMAGED)
        rows = max(1, _BAND_BYTES // row_bytes)
        for top in range(0, height, rows):
            band = bytearray(row_bytes * min(rows, height - top))
            start = ctypes.addressof((ctypes.c_char * len(band)).from_buffer(band))
            for row in range(len(band) // row_bytes):
                if library.TIFFReadScanline(self._handle, start + row * row_bytes, top + row, plane) != 1:
                    raise ImageRejected(DAMAGED)
            yield top, band

    def tile(self, left: int, top: int, tile_bytes: int, plane: int = 0) -> bytearray:
        """The bytes of the tile at this place. Raises ImageRejected."""
        library = _library()
        if not library.TIFFIsTiled(self._handle) or library.TIFFTileSize(self._handle) != tile_bytes:
            raise ImageRejected(DAMAGED)
        tile = bytearray(tile_bytes)
        start = ctypes.addressof((ctypes.c_char * tile_bytes).from_buffer(tile))
        if library.TIFFReadTile(self._handle, start, left, top, 0, plane) != tile_bytes:
            raise ImageRejected(DAMAGED)
        return tile


@contextmanager
def opened(data: bytes, directory: int) -> Iterator[Page]:
    """The page of the TIFF in `data` whose directory is at this offset. Raises ImageRejected."""
    library = _library()
    complaints: list[bytes] = []
    place = 0

    def read(_: int, buffer: int, size: int) -> int:
        nonlocal place
        part = data[place : place + size]
        ctypes.memmove(buffer, part, len(part))
        place += len(part)
        return len(part)

    def seek(_: int, offset: int, whence: int) -> int:
        nonlocal place
        place = offset + (0, place, len(data))[whence]
        return place

    def complain(_: int, __: int, ___: bytes, template: bytes, ____: int) -> int:
        complaints.append(template)
        return _HANDLED

    procedures = (
        _READ(read),
        _READ(lambda _, __, ___: 0),
        _SEEK(seek),
        _CLOSE(lambda _: 0),
        _SIZE(lambda _: len(data)),
        _MAP(lambda _, __, ___: 0),
        _UNMAP(lambda _, __, ___: None),
    )
    handler = _HANDLER(complain)
    options = library.TIFFOpenOptionsAlloc()
    library.TIFFOpenOptionsSetMaxSingleMemAlloc(options, _MAX_ALLOCATION)
    library.TIFFOpenOptionsSetMaxCumulatedMemAlloc(options, 2 * _MAX_ALLOCATION)
    library.TIFFOpenOptionsSetErrorHandlerExtR(options, handler, None)
    library.TIFFOpenOptionsSetWarningHandlerExtR(options, handler, None)
    handle = library.TIFFClientOpenExt(b"", b"rm", None, *procedures, options)
    library.TIFFOpenOptionsFree(options)
    if not handle:
        raise ImageRejected(DAMAGED)
    try:
        if not library.TIFFSetSubDirectory(handle, directory):
            raise ImageRejected(DAMAGED)
        complaints.clear()
        yield Page(handle, complaints)
    finally:
        library.TIFFClose(handle)
