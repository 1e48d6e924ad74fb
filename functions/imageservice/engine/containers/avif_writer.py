"""A still AVIF's coded pixels in a new container, with nothing else or with an XMP packet.

Sources: ISO/IEC 14496-12 (boxes), 23008-12 (HEIF items), https://aomediacodec.github.io/av1-avif/
"""

import struct
from io import BytesIO

from imageservice.core.limits import Limits
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.isobmff import Index, body, item_bytes, read_index, top_boxes

# What defines the pixels. An item with another property (a turn, a crop, layers) is not taken over.
_PROPERTIES = (b"ispe", b"pixi", b"av1C", b"auxC", b"colr")
_UNKNOWN_MEANING = (b"prem",)
_ESSENTIAL = 0x80


def without_metadata(file: BoundedFile) -> bytes | None:
    """The AVIF of the same pixels; None where these are in tiles, or changed after decoding."""
    return _written(file, b"")


def with_xmp(data: bytes, xmp: bytes) -> bytes:
    """The AVIF in `data`, which this engine has made, with an XMP packet. Raises ValueError for any other."""
    written = _written(BoundedFile(BytesIO(data), len(data), Limits()), xmp)
    if written is None:
        raise ValueError("the AVIF has pixels that this module does not write")
    return written


def _written(file: BoundedFile, xmp: bytes) -> bytes | None:
    metas = [box for box in top_boxes(file) if box.kind == b"meta"]
    index = read_index(body(file, metas[-1])) if metas else Index(b"")
    if index.primary is None:
        return None
    alpha = [item for item, targets in index.references.get(b"auxl", {}).items() if index.primary in targets]
    items = [index.primary, *[item for item in alpha if _is_alpha(index, item)]]
    coded = [item_bytes(index, item, file, file.size) for item in items]
    properties = [_properties(index, item) for item in items]
    known = all(index.types.get(item) == b"av01" for item in items) and len(items) <= 2
    if not known or not all(coded) or index.references.keys() & set(_UNKNOWN_MEANING):
        return None
    found = [each for each in properties if each is not None]
    return _avif(coded, found, xmp) if len(found) == len(items) else None


def _is_alpha(index: Index, item: int) -> bool:
    return any(kind == b"auxC" and b"alpha" in data for kind, data in index.properties_of(item))


def _properties(index: Index, item: int) -> list[tuple[bytes, bytes]] | None:
    """The item's properties without profiles; None where there is one that the new file would not honor."""
    found = index.properties_of(item)
    if any(kind not in _PROPERTIES for kind, _ in found):
        return None
    return [(kind, data) for kind, data in found if kind != b"colr" or data[:4] == b"nclx"]


def _avif(coded: list[bytes], properties: list[list[tuple[bytes, bytes]]], xmp: bytes) -> bytes:
    """The file of one or two items; the second is the alpha of the first. An XMP packet is one item more."""
    brands = _box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")
    # The places of the pixels depend on the index's length, which does not depend on them.
    start = len(brands) + len(_meta(coded, properties, xmp, 0)) + 8
    return brands + _meta(coded, properties, xmp, start) + _box(b"mdat", b"".join(coded) + xmp)


def _meta(coded: list[bytes], properties: list[list[tuple[bytes, bytes]]], xmp: bytes, start: int) -> bytes:
    items = range(1, len(coded) + 1)
    entries = b"".join(
        _full(b"infe", struct.pack(">HH4sB", item, 0, b"av01", 0), version=2) for item in items
    )
    places, associations, containers, number = b"", b"", b"", 0
    for item, data, found in zip(items, coded, properties, strict=True):
        places += struct.pack(">HHHII", item, 0, 1, start, len(data))
        start += len(data)
        associations += struct.pack(">HB", item, len(found))
        for kind, inside in found:
            number += 1
            containers += _box(kind, inside)
            associations += bytes([number | (_ESSENTIAL if kind == b"av1C" else 0)])
    references = b"".join([_box(b"auxl", struct.pack(">HHH", 2, 1, 1))] if len(coded) == 2 else [])
    count = len(coded)
    if xmp:
        count += 1
        mime = struct.pack(">HH4sB", count, 0, b"mime", 0) + b"application/rdf+xml\0"
        entries += _full(b"infe", mime, version=2)
        places += struct.pack(">HHHII", count, 0, 1, start, len(xmp))
        references += _box(b"cdsc", struct.pack(">HHH", count, 1, 1))
    parts = [
        _full(b"hdlr", b"\0\0\0\0pict" + b"\0" * 13),
        _full(b"pitm", struct.pack(">H", 1)),
        _full(b"iloc", struct.pack(">BBH", 0x44, 0, count) + places),
        _full(b"iinf", struct.pack(">H", count) + entries),
        _box(
            b"iprp", _box(b"ipco", containers) + _full(b"ipma", struct.pack(">I", len(coded)) + associations)
        ),
    ]
    if references:
        parts.append(_full(b"iref", references))
    return _full(b"meta", b"".join(parts))


def _box(kind: bytes, inside: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(inside), kind) + inside


def _full(kind: bytes, inside: bytes, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24) + inside)
