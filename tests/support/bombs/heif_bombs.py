"""Hostile AVIFs and HEICs."""

import struct
from collections.abc import Callable
from functools import partial

from PIL import Image

from bombs.heif import (
    AVIF,
    HEIC,
    Item,
    Picture,
    alpha,
    coded,
    color_profile,
    extent,
    grid,
    gridded,
    nested,
    overlay,
    picture,
    single,
    written,
)
from bombs.icc import endless_elements, huge_table
from bombs.parts import SIDE, box, encoded, full_box, looping_exif, overlapping_exif

_FILE = 49_000_000


def chained(kind: str, length: int, circular: bool = False) -> bytes:
    """Items that are each the next one."""
    shown = picture(kind, 64)
    links = [(number, Item(b"iden", (extent(64, 64),), ((0, 0),))) for number in range(1, length)]
    references = [(b"dimg", number, [number + 1]) for number in range(1, length)]
    if circular:
        references[-1] = (b"dimg", length - 1, [1])
    return written(kind, [*links, (length, shown.item())], shown.coded, references)


def circular_grid(kind: str) -> bytes:
    """A grid that is its own tile."""
    own = grid(1, 1, 64, 64)
    return written(kind, [(1, Item(b"grid", (extent(64, 64),), ((0, len(own)),)))], own, [(b"dimg", 1, [1])])


def overlaid(kind: str, shown: Picture, images: int, canvas: tuple[int, int]) -> bytes:
    """One picture many times over itself."""
    own = overlay(*canvas, images)
    first = Item(b"iovl", (extent(64, 64),), ((0, len(own)),))
    items = [(1, first), (2, shown.item(offset=len(own)))]
    return written(kind, items, own + shown.coded, [(b"dimg", 1, [2] * images)])


def alphas(kind: str, count: int, side: int) -> bytes:
    """A picture with many alpha planes, all of the same bytes."""
    shown, plane = picture(kind, 64), picture(kind, side)
    plane_item = plane.item(0, 0, alpha(), offset=len(shown.coded))
    items = [(1, shown.item()), *((number, plane_item) for number in range(2, count + 2))]
    return written(
        kind, items, shown.coded + plane.coded, [(b"auxl", number, [1]) for number in range(2, count + 2)]
    )


def described(kind: str, exif: bytes) -> bytes:
    """A picture with EXIF."""
    shown = picture(kind, 64)
    block = bytes(4) + exif
    items = [(1, shown.item()), (2, Item(b"Exif", (), ((len(shown.coded), len(block)),)))]
    return written(kind, items, shown.coded + block, [(b"cdsc", 2, [1])])


def scattered_exif(kind: str, pieces: int) -> bytes:
    """A picture whose EXIF lies in pieces all over the file, the last one first."""
    shown = picture(kind, 64)
    places = tuple((len(shown.coded) + at * 65_536, 4) for at in reversed(range(pieces)))
    items = [(1, shown.item()), (2, Item(b"Exif", (), places))]
    return written(kind, items, shown.coded + bytes(pieces * 65_536), [(b"cdsc", 2, [1])])


def extents(kind: str, count: int, length: int = 0) -> bytes:
    """A picture in many extents, of a byte each, or all of the same `length` bytes."""
    shown = picture(kind, 64)
    first = shown.item()
    pieces = (
        tuple((at % len(shown.coded), 1) for at in range(count)) if not length else ((0, length),) * count
    )
    data = shown.coded.ljust(length, b"\0")
    return written(kind, [(1, Item(first.kind, first.properties, pieces))], data)


def many_items(kind: str, count: int) -> bytes:
    shown = picture(kind, 64)
    return written(kind, ((number, shown.item()) for number in range(1, count + 1)), shown.coded)


def many_associations(count: int) -> bytes:
    entries = struct.pack(">IBH", 1, 1, 1) * count
    return single(
        AVIF, picture(AVIF, 64), associations=full_box(b"ipma", 1, 1, struct.pack(">I", count), entries)
    )


def many_references(owners: int, each: int) -> bytes:
    """References of one item to items that are not there."""
    shown = picture(AVIF, 64)
    return written(AVIF, [(1, shown.item())], shown.coded, [(b"thmb", 1, [9] * each)] * owners)


def slow_index() -> bytes:
    """Many indexes, each as long as one may be."""
    shown = picture(AVIF, 64)
    index = full_box(b"meta", 0, 0, box(b"iprp", *[box(b"ipco", *[box(b"free")] * 90_000)]))
    return single(AVIF, shown, before=index * (_FILE // len(index)))


def deep_boxes(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = box(b"moov", box(b"trak", inner)) if len(inner) < 100_000 else inner
    return single(AVIF, picture(AVIF, 64), before=inner)


def moving(side: int, frames: int, height: int = 0) -> bytes:
    first, *others = (
        Image.new("RGB", (side, height or side), (color % 256, 0, 0)) for color in range(frames)
    )
    return encoded(first, "AVIF", save_all=True, append_images=others, speed=10, duration=50)


def recounted(samples: int) -> bytes:
    """A sequence of two frames that says it has more."""
    data = moving(64, 2)
    at = data.index(b"stsz") + 8
    return data[: at + 4] + struct.pack(">I", samples) + data[at + 8 :]


def both(name: str, make: Callable[[str], bytes]) -> dict[str, Callable[[], bytes]]:
    return {f"{kind.upper()}, {name}": partial(make, kind) for kind in (AVIF, HEIC)}


BOMBS = {
    "AVIF, 99 MP": lambda: single(AVIF, picture(AVIF, SIDE)),
    "AVIF, 99 MP with alpha": lambda: encoded(Image.new("RGBA", (SIDE, SIDE)), "AVIF", speed=10),
    **both(
        "99 MP in 100 tiles of the same bytes",
        lambda kind: gridded(kind, picture(kind, 1_000), 10, 10, (SIDE, SIDE)),
    ),
    **both(
        "99 MP of noise in 100 tiles of the same bytes",
        lambda kind: gridded(kind, picture(kind, 1_000, None), 10, 10, (SIDE, SIDE)),
    ),
    **both(
        "a grid of 156 × 156 tiles", lambda kind: gridded(kind, picture(kind, 64), 156, 156, (SIDE, SIDE))
    ),
    **both(
        "a grid of 156 × 156 times the same tile",
        lambda kind: gridded(kind, picture(kind, 64), 156, 156, (SIDE, SIDE), shared_item=True),
    ),
    **both(
        "a grid of 1,000 tiles of 99 MP",
        lambda kind: gridded(kind, picture(kind, 4_000), 2, 250, (8_000, 8_000), stated=(64, 64)),
    ),
    **both(
        "64 × 64 that is a grid of 65,000 × 65,000",
        lambda kind: gridded(kind, picture(kind, 1_000), 65, 65, (65_000, 65_000), stated=(64, 64)),
    ),
    **both("grids of grids, 4 deep", lambda kind: nested(kind, picture(kind, 64), 4, 16)),
    **both("a grid that is its own tile", circular_grid),
    **both("a chain of 9,000 items", lambda kind: chained(kind, 9_000)),
    **both("a ring of 9,000 items", lambda kind: chained(kind, 9_000, circular=True)),
    **both(
        "9,000 overlays of 16 MP", lambda kind: overlaid(kind, picture(kind, 4_000), 9_000, (4_000, 4_000))
    ),
    **both(
        "64 × 64 that is an overlay of 65,000 × 65,000",
        lambda kind: overlaid(kind, picture(kind, 64), 1, (65_000, 65_000)),
    ),
    **both("9,000 alpha planes of 16 MP", lambda kind: alphas(kind, 9_000, 4_000)),
    **both(
        "64 × 64 that is a picture of 64 MP",
        lambda kind: single(kind, picture(kind, 8_000), width=64, height=64),
    ),
    "AVIF, 64 × 64 that is a picture of 225 MP": lambda: single(
        AVIF, coded(AVIF, Image.new("L", (15_000, 15_000))), width=64, height=64
    ),
    **both("EXIF that loops", lambda kind: described(kind, looping_exif())),
    **both("EXIF of 60,000 overlapping values", lambda kind: described(kind, overlapping_exif(10_000_000))),
    **both("49 MB of EXIF", lambda kind: described(kind, looping_exif() + bytes(_FILE))),
    **both("EXIF in 740 pieces, backwards over 49 MB", lambda kind: scattered_exif(kind, 740)),
    **both("60,000 extents", lambda kind: extents(kind, 60_000)),
    **both("60,000 extents of 700 bytes, all the same", lambda kind: extents(kind, 60_000, 700)),
    **both("9,000 extents of 40 MB, all the same", lambda kind: extents(kind, 9_000, 40_000_000)),
    **both("9,000 items", lambda kind: many_items(kind, 9_000)),
    **both("1,000,000 items", lambda kind: many_items(kind, 1_000_000)),
    "AVIF, 2,000,000 associations": lambda: many_associations(2_000_000),
    "AVIF, 90,000 associations": lambda: many_associations(40_000),
    "AVIF, 1,000,000 references": lambda: many_references(1_000_000, 1),
    "AVIF, 60 × 60,000 references": lambda: many_references(60, 60_000),
    "AVIF, 49 MB of indexes": slow_index,
    "AVIF, 6,000,000 boxes": lambda: single(AVIF, picture(AVIF, 64), before=box(b"free") * 6_000_000),
    "AVIF, boxes within boxes": lambda: deep_boxes(6_000),
    **both(
        "an ICC table of 15 MB", lambda kind: single(kind, picture(kind, 64), color_profile(huge_table(170)))
    ),
    **both(
        "an ICC profile of 1,000,000 steps",
        lambda kind: single(kind, picture(kind, 64), color_profile(endless_elements(1_000_000))),
    ),
    "AVIF, moving, 2 frames of 9,999 × 9,999": lambda: moving(9_999, 2),
    "AVIF, moving, 2 frames of 40 MP": lambda: moving(6_300, 2),
    "AVIF, moving, 5 frames of 40 MP": lambda: moving(6_300, 5),
    "AVIF, moving, 3,000 frames": lambda: moving(256, 3_000),
    "AVIF, moving, 4,294,967,295 frames stated": lambda: recounted(0xFFFFFFFF),
    "AVIF, moving, 3,000 frames stated, 2 there": lambda: recounted(3_000),
}
