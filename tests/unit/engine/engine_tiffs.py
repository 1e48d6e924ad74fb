"""TIFFs of any tags, written by hand: Pillow writes only what it reads."""

import struct
from collections.abc import Mapping

LONG = 4


def tiff(
    width: int, height: int, data: bytes, tags: Mapping[int, tuple[int, ...]], order: str = "<"
) -> bytes:
    """An uncompressed TIFF of one strip a plane; a tag's numbers are longs."""
    planes = tags.get(277, (1,))[0] if tags.get(284) == (2,) else 1
    length = len(data) // planes
    entries: dict[int, tuple[int, ...]] = {
        256: (width,),
        257: (height,),
        258: (8,),
        259: (1,),
        262: (1,),
        277: (1,),
        278: (height,),
    }
    entries |= {273: tuple(8 + length * plane for plane in range(planes)), 279: (length,) * planes, **tags}
    start = 8 + len(data)
    extra = start + 6 + 12 * len(entries)
    directory = struct.pack(order + "H", len(entries))
    tail = b""
    for tag, numbers in sorted(entries.items()):
        value = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            tail += value
            value = struct.pack(order + "I", extra + len(tail) - len(value))
        directory += struct.pack(order + "HHI", tag, LONG, len(numbers)) + value
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + data + directory + bytes(4) + tail
