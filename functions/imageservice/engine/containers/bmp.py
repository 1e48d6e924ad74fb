"""BMP: Pillow reads the common kinds; the others are read here.

Channels in any order or width (BITFIELDS), and the ICC profile of version 5.
Source: https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapv5header
"""

import struct
from typing import IO, cast

from PIL import BmpImagePlugin, Image, ImageChops

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.pixels.icc_bounds import MAX_PROFILE

_ALPHA_BITFIELDS = 6
_BITFIELDS = (3, _ALPHA_BITFIELDS)
# Compressions for printers alone; no browser shows them.
_HELD = {4: "JPEG", 5: "PNG"}
_EMBEDDED = b"DEBM"
_ALPHA = 3


def read_header(file: BoundedFile) -> Header:
    """The header of a BMP. Raises ImageRejected."""
    head = file.at(14, 20)
    held = _HELD.get(int.from_bytes(head[16:20], "little")) if len(head) == 20 and head[0] >= 40 else None
    if held is not None:
        raise ImageRejected(f"A BMP that holds a {held} is not accepted; send the {held} itself.")
    masks = _masks(file)
    if masks is not None:
        width, height = struct.unpack("<ii", file.at(18, 8))
        return Header("bmp", max(0, width), abs(height), alpha=bool(masks[_ALPHA]))
    image = _by_pillow(file)
    return Header("bmp", *image.size, alpha=image.mode == "RGBA")


def decode(file: BoundedFile) -> Image.Image:
    """The pixels of a BMP."""
    masks = _masks(file)
    image = _by_masks(file, masks) if masks is not None else _by_pillow(file)
    profile = _profile(file)
    if profile:
        image.info["icc_profile"] = profile
    image.load()
    return image


def _by_pillow(file: BoundedFile) -> BmpImagePlugin.BmpImageFile:
    file.seek(0)
    return BmpImagePlugin.BmpImageFile(cast(IO[bytes], file))


def _masks(file: BoundedFile) -> tuple[int, int, int, int] | None:
    """The channels' bits (red, green, blue, alpha) where they are stated and laid out as Pillow can't read."""
    head = file.at(14, 56)
    if len(head) < 56:
        return None
    size, bits, compression = struct.unpack_from("<I", head)[0], *struct.unpack_from("<HI", head, 14)
    if size not in (40, 52, 56, 108, 124) or bits not in (16, 32) or compression not in _BITFIELDS:
        return None
    red, green, blue, alpha = struct.unpack_from("<4I", head, 40)
    if size < 56 and compression != _ALPHA_BITFIELDS:
        alpha = 0
    common = (red, green, blue) in ((0xF800, 0x7E0, 0x1F), (0x7C00, 0x3E0, 0x1F), (0xFF0000, 0xFF00, 0xFF))
    known = common and alpha in (0, 0xFF000000) and compression != _ALPHA_BITFIELDS
    return None if known else (red, green, blue, alpha)


def _by_masks(file: BoundedFile, masks: tuple[int, int, int, int]) -> Image.Image:
    (start,) = struct.unpack("<I", file.at(10, 4))
    width, height, _, bits = struct.unpack("<iiHH", file.at(18, 12))
    stride = (width * bits // 8 + 3) // 4 * 4
    data = file.at(start, stride * abs(height))
    if len(data) < stride * abs(height):
        raise ImageRejected("The BMP is cut off: it ends before its last pixel.")
    direction = -1 if height > 0 else 1
    size = width, abs(height)
    used = masks if masks[_ALPHA] else masks[:_ALPHA]
    if bits == 16:
        numbers = Image.frombytes("I;16", size, data, "raw", "I;16", stride, direction).convert("I")
        channels = [numbers.point([_sample(value, mask) for value in range(65536)], "L") for mask in used]
    else:
        stored = Image.frombytes("RGBA", size, data, "raw", "RGBA", stride, direction).split()
        channels = [_channel(stored, mask) for mask in used]
    return Image.merge("RGBA" if len(used) > _ALPHA else "RGB", channels)


def _sample(value: int, mask: int) -> int:
    """The bits of `value` under `mask`, stretched to 0 to 255."""
    if not mask:
        return 0
    low = mask & -mask
    return ((value & mask) // low * 255 + (mask // low) // 2) // (mask // low)


def _channel(stored: tuple[Image.Image, ...], mask: int) -> Image.Image:
    """The bits under `mask`, stretched to 0 to 255: each of the four bytes gives its share."""
    most = mask // (mask & -mask) if mask else 1
    channel = Image.new("L", stored[0].size)
    for at, byte in enumerate(stored):
        if part := mask >> 8 * at & 0xFF:
            weight = (1 << 8 * at) * 255 / (mask & -mask) / most
            channel = ImageChops.add(
                channel, byte.point([round((value & part) * weight) for value in range(256)])
            )
    return channel


def _profile(file: BoundedFile) -> bytes | None:
    head = file.at(14, 124)
    if len(head) < 124 or head[:4] != b"\x7c\0\0\0" or head[56:60] != _EMBEDDED:
        return None
    offset, length = struct.unpack_from("<II", head, 112)
    return file.at(14 + offset, length) if 0 < length <= MAX_PROFILE else None
