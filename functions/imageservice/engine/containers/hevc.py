"""Decodes HEVC pictures only to find damage. libheif does not pass on the decoder's warnings, even in strict mode.

Damage may also make the decoder stop before the end of its data, without a warning. So each picture is decoded once
more without its last bytes, and must fail then.

The library is libde265, in pillow-heif's wheel. Source: https://github.com/strukturag/libde265/blob/master/libde265/de265.h
"""

import ctypes
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

from imageservice.engine.containers.coded_size import Size, hevc_size

_OK, _FIRST_WARNING = 0, 1000
# About threads and buffers, not about the picture.
_HARMLESS = {1000, 1001}
_DISABLE_DEBLOCKING, _DISABLE_SAO = 7, 8
# Encoders end with up to one byte that the decoder does not need, and may add words of zeros.
_SPARE = 16
_ZEROS = b"\0\x03"
_FIRST_NOT_A_PICTURE = 32


@cache
def _library() -> ctypes.CDLL:
    # The module that is linked to the library: through it, its functions are found.
    module = find_spec("_pillow_heif")
    if module is None or module.origin is None:
        raise ImportError("pillow-heif is not installed")
    library = ctypes.CDLL(module.origin)
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    for name, result, *arguments in (
        ("de265_new_decoder", pointer),
        ("de265_free_decoder", integer, pointer),
        ("de265_set_parameter_bool", None, pointer, integer, integer),
        ("de265_push_NAL", integer, pointer, ctypes.c_char_p, integer, ctypes.c_int64, pointer),
        ("de265_flush_data", integer, pointer),
        ("de265_decode", integer, pointer, ctypes.POINTER(integer)),
        ("de265_get_next_picture", pointer, pointer),
        ("de265_get_warning", integer, pointer),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def is_sound(configuration: bytes, coded: bytes) -> bool:
    """Whether a picture decodes to the end of its data without a warning.

    `configuration` is an item's `hvcC` property, `coded` its bytes: units that each begin with their length.
    """
    try:
        units = list(_all_units(configuration, coded))
    except ValueError:
        return False
    shorter = [_without_end(unit) for unit in units]
    return _is_decoded(units) and (shorter == units or not _is_decoded(shorter))


def _without_end(unit: bytes) -> bytes:
    """A unit of a picture without its last bytes; any other as it is."""
    if len(unit) <= 2 * _SPARE or unit[0] >> 1 & 0x3F >= _FIRST_NOT_A_PICTURE:
        return unit
    return unit.rstrip(_ZEROS)[:-_SPARE]


def _is_decoded(units: list[bytes]) -> bool:
    library = _library()
    decoder = library.de265_new_decoder()
    try:
        # The filters change pixels, and find no damage.
        library.de265_set_parameter_bool(decoder, _DISABLE_DEBLOCKING, 1)
        library.de265_set_parameter_bool(decoder, _DISABLE_SAO, 1)
        for unit in units:
            if library.de265_push_NAL(decoder, unit, len(unit), 0, None) != _OK:
                return False
        library.de265_flush_data(decoder)
        return _decodes(library, decoder)
    finally:
        library.de265_free_decoder(decoder)


def sizes(configuration: bytes, coded: bytes) -> Iterator[Size]:
    """The size of every kind of picture that the units can hold. Raises ValueError if they are damaged."""
    for unit in _all_units(configuration, coded):
        size = hevc_size(unit)
        if size is not None:
            yield size


def _all_units(configuration: bytes, coded: bytes) -> Iterator[bytes]:
    """The units of an item's property and of its data. Raises ValueError."""
    if len(configuration) < 23:
        raise ValueError("the decoder's configuration is cut off")
    yield from _parameter_sets(configuration)
    yield from _units(coded, (configuration[21] & 3) + 1)


def _decodes(library: ctypes.CDLL, decoder: int) -> bool:
    more = ctypes.c_int(1)
    pictures = 0
    while more.value:
        more.value = 0
        if library.de265_decode(decoder, ctypes.byref(more)) != _OK:
            return False
        while library.de265_get_next_picture(decoder):
            pictures += 1
        while warning := library.de265_get_warning(decoder):
            if warning not in _HARMLESS:
                return False
    return pictures > 0


def _parameter_sets(configuration: bytes) -> Iterator[bytes]:
    """The units in an `hvcC` property. Source: ISO/IEC 14496-15, section 8.3.2."""
    at = 23
    for _ in range(configuration[22]):
        count = int.from_bytes(configuration[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(configuration[at : at + 2], "big")
            if not length or at + 2 + length > len(configuration):
                raise ValueError
            yield configuration[at + 2 : at + 2 + length]
            at += 2 + length


def _units(coded: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at < len(coded):
        length = int.from_bytes(coded[at : at + size], "big")
        if not length or at + size + length > len(coded):
            raise ValueError
        yield coded[at + size : at + size + length]
        at += size + length
