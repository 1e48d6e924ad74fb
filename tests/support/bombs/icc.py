"""ICC profiles. Source: ICC.1:2022, https://www.color.org/specification/ICC.1-2022-05.pdf"""

import struct
from itertools import accumulate

from PIL import ImageCms


def profile(tags: dict[bytes, bytes], space: bytes = b"RGB ", pcs: bytes = b"XYZ ") -> bytes:
    """A profile of version 4.4 with these tags."""
    start = 128 + 4 + 12 * len(tags)
    offsets = accumulate((len(data) + 3 & ~3 for data in tags.values()), initial=start)
    table = b"".join(
        struct.pack(">4sII", name, offset, len(data))
        for (name, data), offset in zip(tags.items(), offsets, strict=False)
    )
    body = b"".join(data + bytes(-len(data) % 4) for data in tags.values())
    length = start + len(body)
    white = struct.pack(">3i", 63190, 65536, 54061)
    head = struct.pack(">I4sI4s4s4s", length, bytes(4), 0x04400000, b"mntr", space, pcs)
    head += bytes(12) + b"acsp" + bytes(28) + white
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _srgb_tags() -> dict[bytes, bytes]:
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = int.from_bytes(data[128:132], "big")
    entries = (struct.unpack_from(">4sII", data, 132 + 12 * at) for at in range(count))
    return {name: data[offset : offset + length] for name, offset, length in entries}


def endless_elements(steps: int) -> bytes:
    """A conversion in `steps` matrices, which are all the same few bytes of the profile."""
    matrix = struct.pack(">4sIHH", b"matf", 0, 3, 3)
    matrix += struct.pack(">12f", 0.9, 0.05, 0.05, 0.05, 0.9, 0.05, 0.05, 0.05, 0.9, 0, 0, 0)
    start = 16 + 8 * steps
    positions = struct.pack(">II", start, len(matrix)) * steps
    elements = struct.pack(">4sIHHI", b"mpet", 0, 3, 3, steps) + positions + matrix
    return profile({**_srgb_tags(), b"D2B0": elements, b"D2B1": elements})


def huge_table(points: int = 160) -> bytes:
    """A lookup table of `points` levels of each of three channels, in 8 bits."""
    curve = struct.pack(">4sIHHi", b"para", 0, 0, 0, 65536)
    grid = bytes([points] * 3).ljust(16, b"\0") + b"\1\0\0\0"
    table = bytes(range(256)) * (points**3 * 3 // 256 + 1)
    table = table[: points**3 * 3]
    table += bytes(-len(table) % 4)
    lut = struct.pack(">4sIBBHIIIII", b"mAB ", 0, 3, 3, 0, 32, 0, 0, 80, 80 + len(grid) + len(table))
    lut += curve * 3 + grid + table + curve * 3
    return profile({**_srgb_tags(), b"A2B0": lut}, pcs=b"Lab ")


def long_curves(levels: int = 4_000_000) -> bytes:
    """Curves of millions of levels."""
    curve = struct.pack(">4sII", b"curv", 0, levels) + bytes(2 * levels)
    return profile({**_srgb_tags(), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


def many_tags(tags: int = 100_000) -> bytes:
    """A directory of tags that goes on and on."""
    entries = {**_srgb_tags(), **{b"%04x" % (at % 0x10000): b"data\0\0\0\0" for at in range(tags)}}
    return profile(entries)
