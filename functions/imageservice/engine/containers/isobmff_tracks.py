"""The tracks of moving AVIFs: their size, and where the bytes of each frame are.

Source: ISO/IEC 14496-12, sections 8.5 to 8.7
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from imageservice.engine.containers.isobmff import boxes, children, number

_PICTURES, _ALPHA = b"pict", b"auxv"


class Track(NamedTuple):
    """A track of pictures in AV1; `table` has the bodies of the boxes in its sample table."""

    frames: int
    width: int
    height: int
    table: dict[bytes, bytes]

    def samples(self) -> Iterator[tuple[int, int]]:
        """Where each frame's bytes begin in the file, and how many they are; as far as the tables go."""
        sizes = _numbers(self.table.get(b"stsz", b"")[4:], 4)
        same = sizes[0] if sizes else 0
        lengths = iter([same] * self.frames if same else sizes[2:])
        wide = b"co64" in self.table
        chunks = _numbers(self.table.get(b"co64" if wide else b"stco", b"")[8:], 8 if wide else 4)
        # From which chunk on, counted from 1, there are how many frames in each.
        runs = _numbers(self.table.get(b"stsc", b"")[8:], 4)
        first_of_run = dict(zip(runs[::3], runs[1::3], strict=False))
        per_chunk = 0
        for place, offset in enumerate(chunks, start=1):
            per_chunk = first_of_run.get(place, per_chunk)
            at = offset
            for _, length in zip(range(per_chunk), lengths, strict=False):
                yield at, length
                at += length


class Tracks(NamedTuple):
    """The first track of pictures, and the one of their alpha."""

    pictures: Track | None = None
    alpha: Track | None = None


def read_tracks(data: bytes) -> Tracks:
    """The tracks in the body of a `moov` box."""
    found: dict[bytes, Track | None] = {}
    for box in boxes(data):
        if box.kind == b"trak":
            track = children(data[box.start : box.end])
            media = children(track.get(b"mdia", b""))
            table = children(children(media.get(b"minf", b"")).get(b"stbl", b""))
            handler = media.get(b"hdlr", b"")[8:12]
            if found.get(handler) is None:
                found[handler] = _track(track.get(b"tkhd", b""), table)
    return Tracks(found.get(_PICTURES), found.get(_ALPHA))


def _track(head: bytes, table: dict[bytes, bytes]) -> Track | None:
    """A track's sides are numbers of 16.16 bits at the end of its head."""
    sizes, entry = table.get(b"stsz", b""), table.get(b"stsd", b"")
    if len(sizes) < 12 or len(head) < 84 or entry[12:16] != b"av01":
        return None
    return Track(number(sizes, 8, 4), number(head, len(head) - 8, 2), number(head, len(head) - 4, 2), table)


def _numbers(data: bytes, size: int) -> tuple[int, ...]:
    count = len(data) // size
    return struct.unpack(f">{count}{'IQ'[size == 8]}", data[: count * size])
