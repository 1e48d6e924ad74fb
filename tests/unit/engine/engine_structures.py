"""Where the numbers and the parts of an image file are, so that a mutation hits what its readers look at.

Every container is taken apart by these few lines of its own, not by the engine's readers. A part is a chunk, segment,
block, directory entry or box; its numbers are where a length, a size, a count, an offset or a flag may be.
"""

import random
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple


class Part(NamedTuple):
    """A piece of a file from `start` to `end`, with the places and lengths of its numbers, and their order of bytes."""

    start: int
    end: int
    numbers: tuple[tuple[int, int], ...]
    order: str


_CONTAINERS = {
    b"moov",
    b"trak",
    b"mdia",
    b"minf",
    b"stbl",
    b"dinf",
    b"iprp",
    b"ipco",
    b"meta",
    b"iref",
    b"iinf",
}
_FULL = {b"meta": 4, b"iref": 4, b"iinf": 6}
_SCANNED = 96
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}


def parts_of(data: bytes) -> list[Part]:
    """The parts of a whole file, outer ones before those within."""
    if data.startswith(b"\x89PNG"):
        return list(_png(data))
    if data.startswith(b"\xff\xd8"):
        return list(_jpeg(data))
    if data.startswith(b"GIF"):
        return list(_gif(data))
    if data.startswith(b"RIFF"):
        return list(_riff(data, 12, len(data)))
    if data[:2] in (b"II", b"MM"):
        return list(_tiff(data))
    if data.startswith(b"BM"):
        return [Part(0, 138, tuple((at, size) for size in (2, 4) for at in range(2, 134, 2)), "little")]
    return list(_boxes(data, 0, len(data)))


def repaired(data: bytes) -> bytes:
    """The file with its checksums and outer length set right, so that readers get further than those."""
    if data.startswith(b"\x89PNG"):
        return _with_checksums(data)
    if data.startswith(b"RIFF"):
        return data[:4] + struct.pack("<I", max(0, len(data) - 8)) + data[8:]
    return data


def restructured(data: bytes, others: list[bytes], dice: random.Random) -> bytes:
    """One to three of: a number changed; a part cut out, doubled, moved, emptied, or taken from another file."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        parts = parts_of(bytes(changed))
        if not parts:
            break
        part = dice.choice(parts)
        what = dice.randrange(10)
        if what < 6:
            _change_number(changed, part, dice)
        elif what == 6:
            del changed[part.start : part.end]
        elif what == 7:
            changed[part.end : part.end] = changed[part.start : part.end] * dice.choice((1, 1, 40))
        elif what == 8:
            piece = changed[part.start : part.end]
            del changed[part.start : part.end]
            place = dice.choice(parts).start
            changed[place:place] = piece
        else:
            other = dice.choice(others)
            donor = dice.choice(parts_of(other) or [Part(0, 0, (), "big")])
            changed[part.start : part.end] = other[donor.start : donor.end]
    return repaired(bytes(changed)) if dice.random() < 0.8 else bytes(changed)


def _change_number(data: bytearray, part: Part, dice: random.Random) -> None:
    if not part.numbers:
        return
    at, size = dice.choice(part.numbers)
    if at + size > len(data):
        return
    most = 256**size - 1
    now = int.from_bytes(data[at : at + size], "big" if part.order == "big" else "little")
    new = dice.choice(
        (
            *(0, 1, 2, 3, 7, 255, 256, 65535, most, most - 1, most // 2, most // 2 + 1),
            *(now + 1, now - 1, now * 2, now // 2, now * 256, now ^ 1 << dice.randrange(8 * size)),
            *(len(data), len(data) - at, at, dice.randrange(most + 1), dice.randrange(100)),
        )
    )
    data[at : at + size] = (new % (most + 1)).to_bytes(size, "big" if part.order == "big" else "little")


def _every(start: int, end: int, sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """All places of numbers of these sizes in the first bytes of a part."""
    end = min(end, start + _SCANNED)
    return tuple((at, size) for size in sizes for at in range(start, end - size + 1))


def _png(data: bytes) -> Iterator[Part]:
    at = 8
    while at + 12 <= len(data):
        end = min(len(data), at + 12 + int.from_bytes(data[at : at + 4], "big"))
        yield Part(at, end, ((at, 4), *_every(at + 8, end - 4, (1, 4))), "big")
        at = end


def _with_checksums(data: bytes) -> bytes:
    made = bytearray(data)
    for part in _png(data):
        if part.end - part.start >= 12:
            made[part.end - 4 : part.end] = struct.pack(">I", zlib.crc32(data[part.start + 4 : part.end - 4]))
    return bytes(made)


def _jpeg(data: bytes) -> Iterator[Part]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        end = min(len(data), at + 2 + int.from_bytes(data[at + 2 : at + 4], "big"))
        yield Part(at, end, ((at + 1, 1), (at + 2, 2), *_every(at + 4, end, (1, 2))), "big")
        at = end
        if data[at : at + 1] != b"\xff":
            following = data.find(b"\xff", at)
            while following >= 0 and data[following + 1 : following + 2] in (
                b"\0",
                *(bytes((n,)) for n in range(0xD0, 0xD8)),
            ):
                following = data.find(b"\xff", following + 2)
            if following < 0:
                return
            yield Part(at, following, _every(at, following, (1,)), "big")
            at = following


def _gif(data: bytes) -> Iterator[Part]:
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    yield Part(0, at, _every(6, 13, (1, 2)), "little")
    while at < len(data) and data[at] in b"!,":
        start = at
        if data[at] == ord("!"):
            at += 2
        else:
            flags = data[at + 9] if at + 9 < len(data) else 0
            at += 11 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at = min(at + 1, len(data))
        yield Part(start, at, _every(start, at, (1, 2)), "little")


def _riff(data: bytes, start: int, end: int) -> Iterator[Part]:
    at = start
    while at + 8 <= end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        stop = min(end, at + 8 + length + (length & 1))
        yield Part(at, stop, ((at + 4, 4), *_every(at + 8, stop, (1, 2, 3))), "little")
        if data[at : at + 4] == b"ANMF":
            yield from _riff(data, at + 24, stop)
        at = stop


def _tiff(data: bytes) -> Iterator[Part]:
    order = "little" if data[:2] == b"II" else "big"
    form = "<" if order == "little" else ">"
    yield Part(0, 8, ((2, 2), (4, 4)), order)
    offset = int.from_bytes(data[4:8], "little" if order == "little" else "big")
    for _ in range(4):
        if not 0 < offset <= len(data) - 2:
            return
        count = struct.unpack_from(form + "H", data, offset)[0]
        for at in range(offset + 2, min(offset + 2 + 12 * count, len(data) - 12), 12):
            yield Part(at, at + 12, ((at, 2), (at + 2, 2), (at + 4, 4), (at + 8, 4), (at + 8, 2)), order)
            kind, items, place = struct.unpack_from(form + "HII", data, at + 2)
            size = _TYPE_SIZES.get(kind, 4)
            if items * size > 4 and place + items * size <= len(data):
                yield Part(place, place + items * size, _every(place, place + items * size, (size,)), order)
        behind = offset + 2 + 12 * count
        if behind + 4 > len(data):
            return
        yield Part(behind, behind + 4, ((behind, 4),), order)
        offset = struct.unpack_from(form + "I", data, behind)[0]


def _boxes(data: bytes, start: int, end: int) -> Iterator[Part]:
    at = start
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        stop = min(end, at + length) if length >= 8 else end
        yield Part(at, stop, ((at, 4), *_every(at + 8, stop, (1, 2, 4))), "big")
        if kind in _CONTAINERS:
            yield from _boxes(data, at + 8 + _FULL.get(kind, 0), stop)
        at = stop
