"""Reads the few tags that the engine needs from EXIF: the orientation, and texts."""

import struct
from collections.abc import Collection, Mapping

ORIENTATION = 0x0112
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}


def orientation(block: bytes | None) -> int:
    """The EXIF orientation, 1 to 8, in `block` (with or without its "Exif\\0\\0" prefix); 1 where there is none.

    Damaged EXIF is no reason to refuse an image. XMP's copy of the tag is ignored, as in browsers.
    Source: Exif 2.32, section 4.6.4.A.
    """
    if not block:
        return 1
    tiff = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, directory)
        for index in range(entries):
            tag, kind, count = struct.unpack_from(order + "HHI", tiff, directory + 2 + 12 * index)
            if tag == ORIENTATION:
                form = _INTEGERS.get(kind)
                if form is None or count != 1:
                    return 1
                (value,) = struct.unpack_from(order + form, tiff, directory + 2 + 12 * index + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


_MOST_ENTRIES, _LONGEST = 1000, 65_535
TEXTS = {2: 1}
"""The type that texts have, and the bytes of each of its items."""
BLOCKS = {1: 1, 4: 4, 7: 1}
"""The types that blocks of other kinds have. Source: TIFF 6.0, section 2; some programs give IPTC as long numbers."""


def texts(block: bytes | None, tags: Collection[int]) -> dict[int, bytes]:
    """The bytes of those of the tags in the first directory that are texts; none where the block is damaged."""
    return values(block, tags, TEXTS)


def values(block: bytes | None, tags: Collection[int], types: Mapping[int, int]) -> dict[int, bytes]:
    """The bytes of those of the tags in the first directory that have one of the `types`, none of them too long."""
    tiff = (block or b"").removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    found: dict[int, bytes] = {}
    if order is None:
        return found
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, directory)
        for index in range(min(entries, _MOST_ENTRIES)):
            place = directory + 2 + 12 * index
            tag, kind, count, offset = struct.unpack_from(order + "HHII", tiff, place)
            length = types.get(kind, 0) * count
            if tag in tags and 0 < length <= _LONGEST:
                begin = place + 8 if length <= 4 else offset
                found.setdefault(tag, tiff[begin : begin + length])
    except struct.error:
        return found
    return found
