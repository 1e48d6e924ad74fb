"""Decodes WebP's pictures only to find damage, which libwebp passes over.

An image is whole where the decoder needs the last bytes of its data. Damage makes it stop elsewhere: beyond their end,
which libwebp reports, or before it, which it does not. So each part is decoded once more without its last bytes: whole
data fail then, and damaged data decode.

libwebp is in Pillow's wheel. Sources: RFC 6386, https://www.rfc-editor.org/rfc/rfc6386; RFC 9649, section 3;
https://chromium.googlesource.com/webm/libwebp/+/refs/tags/v1.6.0/src/webp/decode.h
"""

import ctypes
import struct
from collections.abc import Iterator
from functools import cache

# Encoders end with up to 4 bytes that the decoder does not need; 50 of 50 holes of 240 zeros left 128 or more.
_SPARE = 32
_OK = 0
_INTERFACE = 0x0200
_FRAME_HEAD = 10
_YUV = 11


class _Config(ctypes.Structure):
    """WebPDecoderConfig of version 2 of the library's interface."""

    _fields_ = (
        ("input", ctypes.c_int * 10),
        ("colorspace", ctypes.c_int),
        ("output", ctypes.c_uint64 * 14),
        ("bypass_filtering", ctypes.c_int),
        ("no_fancy_upsampling", ctypes.c_int),
        ("use_cropping", ctypes.c_int),
        ("crop_left", ctypes.c_int),
        ("crop_top", ctypes.c_int),
        ("crop_width", ctypes.c_int),
        ("crop_height", ctypes.c_int),
        ("rest", ctypes.c_int * 12),
    )


@cache
def _library() -> ctypes.CDLL:
    # Not at the top: only WebP needs it. The extension is linked to the library; through it, its functions are found.
    from PIL import _webp

    library = ctypes.CDLL(_webp.__file__)
    library.WebPDecode.argtypes = ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p
    library.WebPFreeDecBuffer.restype = None
    return library


def is_sound_lossy(data: bytes) -> bool:
    """Whether each partition of a `VP8 ` chunk is needed to its end."""
    return not any(_decodes(shorter, _lossy_size(data)) for shorter in _without_ends(data))


def is_sound_lossless(data: bytes) -> bool:
    """Whether a `VP8L` chunk is needed to its end."""
    bits = int.from_bytes(data[1:5], "little")
    size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return len(data) <= _SPARE or not _decodes(data[:-_SPARE], size)


def is_sound_alpha(data: bytes, width: int, height: int) -> bool:
    """Whether an `ALPH` chunk is needed to its end: a VP8L image without its head, where it is compressed."""
    if not data or data[0] & 3 != 1:
        return True
    head = (width - 1) | (height - 1) << 14
    return is_sound_lossless(b"\x2f" + head.to_bytes(4, "little") + data[1:])


def _decodes(data: bytes, size: tuple[int, int]) -> bool:
    """Whether all rows can be decoded. Of the pixels only a corner is stored."""
    library = _library()
    config = _Config()
    if not library.WebPInitDecoderConfigInternal(ctypes.byref(config), _INTERFACE):
        raise ImportError("Pillow's libwebp has another interface")
    config.colorspace = _YUV
    config.bypass_filtering = config.no_fancy_upsampling = config.use_cropping = 1
    config.crop_left, config.crop_top = ((side - 1) & ~1 for side in size)
    config.crop_width, config.crop_height = size[0] - config.crop_left, size[1] - config.crop_top
    status = library.WebPDecode(data, len(data), ctypes.byref(config))
    library.WebPFreeDecBuffer(ctypes.byref(config, _Config.colorspace.offset))
    return bool(status == _OK)


def _lossy_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data.ljust(_FRAME_HEAD, b"\0"), 6)
    return width & 0x3FFF, height & 0x3FFF


def _without_ends(data: bytes) -> Iterator[bytes]:
    """The VP8 frame without the last bytes of one of its partitions, each in turn. Source: RFC 6386, section 9."""
    tag = int.from_bytes(data[:3], "little")
    first = tag >> 5
    sizes_at = _FRAME_HEAD + first
    if first > _SPARE:
        shorter = (tag & 31) | (first - _SPARE) << 5
        yield shorter.to_bytes(3, "little") + data[3 : sizes_at - _SPARE] + data[sizes_at:]
    others = _partitions(data[_FRAME_HEAD:sizes_at]) - 1
    end = sizes_at + 3 * others
    for at in range(sizes_at, sizes_at + 3 * others, 3):
        size = int.from_bytes(data[at : at + 3], "little")
        end += size
        if size > _SPARE:
            shorter_size = (size - _SPARE).to_bytes(3, "little")
            yield data[:at] + shorter_size + data[at + 3 : end - _SPARE] + data[end:]
    if len(data) - end > _SPARE:
        yield data[:-_SPARE]


def _partitions(data: bytes) -> int:
    """How many partitions of coefficients a frame has, by its first partition. Source: RFC 6386, section 9.2 to 9.5."""
    bits = _bits(data)

    def number(size: int) -> int:
        return sum(next(bits) << place for place in reversed(range(size)))

    def skip_optional(*sizes: int) -> None:
        for size in sizes:
            if next(bits):
                number(size)

    number(2)
    if next(bits):
        mapped, updated = next(bits), next(bits)
        if updated:
            next(bits)
            skip_optional(*[8] * 4, *[7] * 4)
        if mapped:
            skip_optional(*[8] * 3)
    number(10)
    if next(bits) and next(bits):
        skip_optional(*[7] * 8)
    return int(1 << number(2))


def _bits(data: bytes) -> Iterator[int]:
    """The bits of even probability that boolean-coded data begin with. Source: RFC 6386, section 7.3."""
    value, used, span = int.from_bytes(data[:2].ljust(2, b"\0"), "big"), 2, 255
    shifts = 0
    while True:
        split = 1 + ((span - 1) * 128 >> 8)
        bit = int(value >= split << 8)
        value, span = (value - (split << 8), span - split) if bit else (value, split)
        while span < 128:
            value, span, shifts = value << 1, span << 1, shifts + 1
            if shifts == 8:
                value |= data[used] if used < len(data) else 0
                used, shifts = used + 1, 0
        yield bit
