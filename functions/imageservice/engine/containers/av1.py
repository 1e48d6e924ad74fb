"""Decodes AV1 pictures only to find damage, which libavif's decoder passes over: in dav1d's strict mode.

A tile must end where its last symbol ends, with a 1 and zeros behind it (AV1 specification, section 8.2.4). Damage
within a tile makes the decoder stop elsewhere. dav1d checks this in its strict mode, which libavif never turns on.
The library is in Pillow's wheel, as a part of libavif.
Source: https://code.videolan.org/videolan/dav1d/-/blob/1.5.3/include/dav1d/dav1d.h
"""

import ctypes
from collections.abc import Iterable
from errno import EAGAIN
from functools import cache

_OK, _AGAIN = 0, -EAGAIN
# More than any version's picture needs: 272 bytes in 1.5.
_PICTURE_BYTES = 2_048


class _Settings(ctypes.Structure):
    """Dav1dSettings of version 7 of the library's interface."""

    _fields_ = (
        ("n_threads", ctypes.c_int),
        ("max_frame_delay", ctypes.c_int),
        ("apply_grain", ctypes.c_int),
        ("operating_point", ctypes.c_int),
        ("all_layers", ctypes.c_int),
        ("frame_size_limit", ctypes.c_uint),
        ("allocator", ctypes.c_void_p * 3),
        ("logger", ctypes.c_void_p * 2),
        ("strict_std_compliance", ctypes.c_int),
        ("output_invisible_frames", ctypes.c_int),
        ("inloop_filters", ctypes.c_int),
        ("decode_frame_type", ctypes.c_int),
        ("reserved", ctypes.c_uint8 * 16),
    )


class _Data(ctypes.Structure):
    """Dav1dData: `size` bytes are not consumed yet."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("reference", ctypes.c_void_p),
        ("properties", ctypes.c_uint8 * 48),
    )


@cache
def _library() -> ctypes.CDLL:
    # Not at the top: only AVIF needs it. The extension is linked to the library; through it, its functions are found.
    from PIL import _avif

    library = ctypes.CDLL(_avif.__file__)
    library.dav1d_default_settings.restype = library.dav1d_close.restype = None
    library.dav1d_data_unref.restype = library.dav1d_picture_unref.restype = None
    library.dav1d_data_create.restype = ctypes.c_void_p
    library.dav1d_data_create.argtypes = ctypes.c_void_p, ctypes.c_size_t
    return library


def is_sound(units: Iterable[bytes], most_pixels: int) -> bool:
    """Whether the pictures in `units`, in decoding order, decode to their ends.

    A picture of more than `most_pixels` counts as damaged.
    """
    library = _library()
    settings = _Settings()
    library.dav1d_default_settings(ctypes.byref(settings))
    settings.n_threads = settings.max_frame_delay = 1
    settings.frame_size_limit = most_pixels
    settings.strict_std_compliance = 1
    settings.logger = (ctypes.c_void_p * 2)()
    # They change pixels, and find no damage.
    settings.apply_grain = settings.inloop_filters = 0
    context = ctypes.c_void_p()
    if library.dav1d_open(ctypes.byref(context), ctypes.byref(settings)) != _OK:
        raise MemoryError
    try:
        pictures = 0
        for unit in units:
            found = _decode(library, context, unit)
            if found is None:
                return False
            pictures += found
        return pictures > 0
    finally:
        library.dav1d_close(ctypes.byref(context))


def _decode(library: ctypes.CDLL, context: ctypes.c_void_p, unit: bytes) -> int | None:
    """How many pictures a unit gives; None where it is damaged."""
    if not unit:
        return None
    data = _Data()
    place = library.dav1d_data_create(ctypes.byref(data), len(unit))
    if not place:
        raise MemoryError
    ctypes.memmove(place, unit, len(unit))
    picture = (ctypes.c_uint8 * _PICTURE_BYTES)()
    pictures = 0
    try:
        while data.size:
            if library.dav1d_send_data(context, ctypes.byref(data)) not in (_OK, _AGAIN):
                return None
            while (result := library.dav1d_get_picture(context, ctypes.byref(picture))) == _OK:
                library.dav1d_picture_unref(ctypes.byref(picture))
                pictures += 1
            if result != _AGAIN:
                return None
    finally:
        if data.size:
            library.dav1d_data_unref(ctypes.byref(data))
    return pictures
