"""The boxes of AVIF and HEIC files: which items there are, what they consist of, and where their bytes are.

Sources: ISO/IEC 14496-12 (boxes), 23008-12 (HEIF items and properties)
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers.bounded_file import BoundedFile

DAMAGED = "The image's index is damaged."
_MAX_INDEX = 16_000_000
# The largest photos of phones have some 200 items; 100 megapixels in tiles of 256 pixels have 1,600.
_MAX_ITEMS = 10_000
_MAX_ENTRIES = 100_000
_MAX_BOXES = 100_000
_IN_FILE, _IN_INDEX = 0, 1


class Box(NamedTuple):
    """One of the file's outermost boxes, or a box within: its type, and where its body lies."""

    kind: bytes
    start: int
    end: int


class Location(NamedTuple):
    """Where an item's bytes lie: in the file, in the index itself, or in another item; and in which extents."""

    method: int
    extents: tuple[tuple[int, int], ...]


@dataclass
class Index:
    """The `meta` box, as far as it is used. Items are known by their numbers.

    `associations` has the numbers of an item's properties, counted from 1; `references` the items that an item refers
    to, by the reference's type. `association_boxes` are the offsets of `ipma` boxes' bodies in `data`.
    """

    data: bytes
    primary: int | None = None
    types: dict[int, bytes] = field(default_factory=dict)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    associations: dict[int, list[int]] = field(default_factory=dict)
    references: dict[bytes, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    locations: dict[int, Location] = field(default_factory=dict)
    inner: bytes = b""
    association_boxes: list[int] = field(default_factory=list)
    entries: int = 0

    def properties_of(self, item: int) -> list[tuple[bytes, bytes]]:
        """The item's properties in the order in which they apply."""
        numbers = self.associations.get(item, [])
        return [self.properties[number - 1] for number in numbers if 0 < number <= len(self.properties)]

    def referred(self, kind: bytes, item: int) -> tuple[int, ...]:
        """The items that `item` refers to by a reference of this type."""
        return self.references.get(kind, {}).get(item, ())

    def count(self, entries: int) -> None:
        """Raises ImageRejected if the index has more entries than any photo needs."""
        self.entries += entries
        if self.entries > _MAX_ENTRIES:
            raise ImageRejected("The image's index is too long: it was made to be slow to read.")


def top_boxes(file: BoundedFile) -> Iterator[Box]:
    """The file's outermost boxes, by their heads alone."""
    offset = 0
    for _ in range(_MAX_BOXES):
        head = file.at(offset, 16)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head[:8])
        start = offset + 8
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack(">Q", head[8:])
            start = offset + 16
        end = offset + length if length else file.size
        if end < start:
            return
        yield Box(kind, start, end)
        offset = end
    raise ImageRejected(f"The image has more than {_MAX_BOXES:,} boxes: it was made to be slow to read.")


def body(file: BoundedFile, box: Box) -> bytes:
    """The body of an outermost box. Raises ImageRejected where it is cut off or too large."""
    if box.end > file.size:
        raise ImageRejected("The image is cut off: it ends within its index.")
    if box.end - box.start > _MAX_INDEX:
        raise ImageRejected("The image's index is larger than 16 MB.")
    return file.at(box.start, box.end - box.start)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes in `data` from `start` on."""
    end = len(data) if end is None else end
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1 and start + 16 <= end:
            (length,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        if length == 0:
            length = end - start
        if length < head:
            return
        yield Box(kind, start + head, min(start + length, end))
        start += length


def children(data: bytes) -> dict[bytes, bytes]:
    """The bodies of the boxes in `data` by type; of several of a type the last."""
    return {box.kind: data[box.start : box.end] for box in boxes(data)}


def number(data: bytes, offset: int, size: int) -> int:
    """`size` bytes as a number. Raises IndexError beyond the end."""
    if offset + size > len(data):
        raise IndexError(offset)
    return int.from_bytes(data[offset : offset + size], "big")


def read_index(data: bytes) -> Index:
    """The index in the body of a `meta` box. Raises ImageRejected."""
    index = Index(data)
    try:
        for box in boxes(data, 4):
            inside = data[box.start : box.end]
            if box.kind == b"pitm":
                index.primary = number(inside, 4, 4 if inside[0] else 2)
            elif box.kind == b"iinf":
                _read_items(inside, index)
            elif box.kind == b"iprp":
                _read_properties(box, index)
            elif box.kind == b"iref":
                _read_references(inside, index)
            elif box.kind == b"iloc":
                _read_locations(inside, index)
            elif box.kind == b"idat":
                index.inner = inside
    except (IndexError, struct.error) as error:
        raise ImageRejected(DAMAGED) from error
    return index


def _read_items(data: bytes, index: Index) -> None:
    for box in boxes(data, 8 if data[0] else 6):
        version = data[box.start]
        if version >= 2:
            size = 4 if version >= 3 else 2
            index.types[number(data, box.start + 4, size)] = data[
                box.start + 6 + size : box.start + 10 + size
            ]
        if len(index.types) > _MAX_ITEMS:
            raise ImageRejected("The image's index is too long: it was made to be slow to read.")


def _read_properties(outer: Box, index: Index) -> None:
    data = index.data
    for box in boxes(data, outer.start, outer.end):
        if box.kind == b"ipco":
            found = list(boxes(data, box.start, box.end))
            index.count(len(found))
            index.properties.extend((inner.kind, data[inner.start : inner.end]) for inner in found)
        elif box.kind == b"ipma":
            index.association_boxes.append(box.start)
            _read_associations(data[box.start : box.end], index)


def _read_associations(data: bytes, index: Index) -> None:
    item_size = 4 if data[0] else 2
    size, mask = (2, 0x7FFF) if data[3] & 1 else (1, 0x7F)
    at = 8
    for _ in range(number(data, 4, 4)):
        item, count = number(data, at, item_size), number(data, at + item_size, 1)
        at += item_size + 1
        index.count(1 + count)
        index.associations.setdefault(item, []).extend(
            number(data, at + size * place, size) & mask for place in range(count)
        )
        at += size * count


def _read_references(data: bytes, index: Index) -> None:
    size = 4 if data[0] else 2
    for box in boxes(data, 4):
        owner, count = number(data, box.start, size), number(data, box.start + size, 2)
        index.count(1 + count)
        first = box.start + size + 2
        referred = tuple(number(data, first + size * place, size) for place in range(count))
        owners = index.references.setdefault(box.kind, {})
        owners[owner] = owners.get(owner, ()) + referred if len(owners.get(owner, ())) < _MAX_ITEMS else ()


def _read_locations(data: bytes, index: Index) -> None:
    """Source: ISO/IEC 14496-12, section 8.11.3."""
    version = data[0]
    offset_size, length_size = data[4] >> 4, data[4] & 15
    base_size, index_size = data[5] >> 4, data[5] & 15 if version in (1, 2) else 0
    item_size = 4 if version >= 2 else 2
    count, at = number(data, 6, item_size), 6 + item_size
    for _ in range(count):
        item = number(data, at, item_size)
        at += item_size
        method = number(data, at, 2) & 15 if version in (1, 2) else _IN_FILE
        at += (2 if version in (1, 2) else 0) + 2
        base, extents = number(data, at, base_size), number(data, at + base_size, 2)
        at += base_size + 2
        index.count(1 + extents)
        places = []
        for _ in range(extents):
            at += index_size
            offset, length = number(data, at, offset_size), number(data, at + offset_size, length_size)
            places.append((base + offset, length))
            at += offset_size + length_size
        index.locations[item] = Location(method, tuple(places))


def is_within(index: Index, item: int, size: int) -> bool:
    """Whether all bytes of an item are there, in a file of `size` bytes."""
    location = index.locations.get(item)
    if location is None or not location.extents:
        return False
    available = {_IN_FILE: size, _IN_INDEX: len(index.inner)}.get(location.method)
    if available is None:
        return True
    return all(offset + length <= available and offset < available for offset, length in location.extents)


def item_bytes(index: Index, item: int, file: BoundedFile, most: int) -> bytes:
    """Up to `most` bytes of an item."""
    location = index.locations.get(item)
    if location is None or location.method not in (_IN_FILE, _IN_INDEX):
        return b""
    found = bytearray()
    for offset, length in location.extents:
        if len(found) >= most:
            break
        wished = min(length, most - len(found)) if length else most - len(found)
        found += index.inner[offset : offset + wished] if location.method else file.at(offset, wished)
    return bytes(found)
