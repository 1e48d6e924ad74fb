"""AVIFs and HEICs: a writer of their boxes, which lets items share their bytes, refer to each other, and say anything.

Sources: ISO/IEC 14496-12 (boxes), 23008-12 (items and properties), https://aomediacodec.github.io/av1-avif/
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO

import pillow_heif
from PIL import Image

from bombs.parts import box, encoded, full_box
from imageservice.core.limits import Limits
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.isobmff import Index, boxes, item_bytes, read_index

ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
AVIF, HEIC = "avif", "heic"
_CODECS = {AVIF: b"av01", HEIC: b"hvc1"}
_CONFIGURATIONS = {AVIF: b"av1C", HEIC: b"hvcC"}

References = Sequence[tuple[bytes, int, Sequence[int]]]
"""Each one's type, the item that refers, and those that it refers to."""


@dataclass(frozen=True)
class Item:
    """An item; `extents` are offsets and lengths in the file's data, `properties` are boxes."""

    kind: bytes
    properties: tuple[bytes, ...] = ()
    extents: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Picture:
    """A coded picture: what an item of it needs."""

    width: int
    height: int
    kind: bytes
    configuration: bytes
    coded: bytes

    def item(self, width: int = 0, height: int = 0, *more: bytes, offset: int = 0) -> Item:
        """An item that says it has `width` × `height` pixels, or the picture's own; its bytes are at `offset`."""
        properties = (extent(width or self.width, height or self.height), self.configuration, *more)
        return Item(self.kind, properties, ((offset, len(self.coded)),))


def extent(width: int, height: int) -> bytes:
    return full_box(b"ispe", 0, 0, struct.pack(">II", width, height))


def alpha() -> bytes:
    return full_box(b"auxC", 0, 0, ALPHA)


def color_profile(data: bytes) -> bytes:
    return box(b"colr", b"prof", data)


def grid(rows: int, columns: int, width: int, height: int) -> bytes:
    """A grid's own data."""
    return struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)


def overlay(width: int, height: int, images: int) -> bytes:
    """An overlay's own data: all images in one place."""
    return struct.pack(">BB4HII", 0, 1, 0, 0, 0, 0, width, height) + bytes(8 * images)


@cache
def picture(kind: str, image_side: int, color: int | None = 0) -> Picture:
    """A square of one color, or of noise."""
    if color is None:
        from bombs.parts import noise

        return coded(kind, noise(image_side), quality=90)
    return coded(kind, Image.new("RGB", (image_side, image_side), (color, color, color)))


def coded(kind: str, image: Image.Image, quality: int = 50) -> Picture:
    data = encoded_heif(kind, image, quality)
    start = next(each for each in boxes(data) if each.kind == b"meta")
    index: Index = read_index(data[start.start : start.end])
    assert index.primary is not None
    configuration = next(
        body for name, body in index.properties_of(index.primary) if name == _CONFIGURATIONS[kind]
    )
    file = BoundedFile(BytesIO(data), len(data), Limits())
    return Picture(
        *image.size,
        _CODECS[kind],
        box(_CONFIGURATIONS[kind], configuration),
        item_bytes(index, index.primary, file, len(data)),
    )


def encoded_heif(kind: str, image: Image.Image, quality: int = 50) -> bytes:
    if kind == AVIF:
        return encoded(image, "AVIF", quality=quality, speed=10)
    buffer = BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=quality, enc_params={"preset": "ultrafast"})
    return buffer.getvalue()


def written(
    kind: str,
    items: Iterable[tuple[int, Item]],
    data: bytes,
    references: References | None = None,
    *,
    primary: int = 1,
    before: bytes = b"",
    in_meta: Sequence[bytes] = (),
    associations: bytes | None = None,
) -> bytes:
    """A file of these items by number; `data` are what their extents lie in. `in_meta` are more boxes of the index."""
    numbered = list(items)
    brand = kind.encode()
    head = box(b"ftyp", brand, bytes(4), brand, b"mif1", b"miaf") + before
    base = len(head) + 8
    properties: dict[bytes, int] = {}
    owned = b""
    for number, item in numbered:
        places = [properties.setdefault(each, len(properties) + 1) for each in item.properties]
        owned += struct.pack(">IB", number, len(places)) + b"".join(
            struct.pack(">H", place | (0x8000 if _is_essential(item.properties[at]) else 0))
            for at, place in enumerate(places)
        )
    count = struct.pack(">I", len(numbered))
    infos = [
        full_box(b"infe", 3, 0, struct.pack(">IH", number, 0), item.kind, b"\0") for number, item in numbered
    ]
    located = b"".join(
        struct.pack(">IHHH", number, 0, 0, len(item.extents))
        + b"".join(struct.pack(">II", base + offset, length) for offset, length in item.extents)
        for number, item in numbered
    )
    referring = b"".join(
        box(name, struct.pack(f">IH{len(to)}I", owner, len(to), *to)) for name, owner, to in references or ()
    )
    meta = full_box(
        b"meta",
        0,
        0,
        full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
        full_box(b"pitm", 1, 0, struct.pack(">I", primary)),
        full_box(b"iinf", 1, 0, count, *infos),
        full_box(b"iref", 1, 0, referring) if referring else b"",
        box(
            b"iprp",
            box(b"ipco", *properties),
            full_box(b"ipma", 1, 1, count, owned) if associations is None else associations,
        ),
        full_box(b"iloc", 2, 0, b"\x44\0", count, located),
        *in_meta,
    )
    return head + box(b"mdat", data) + meta


def _is_essential(prop: bytes) -> bool:
    return prop[4:8] in (b"av1C", b"hvcC")


def single(
    kind: str, shown: Picture, *more: bytes, width: int = 0, height: int = 0, **options: object
) -> bytes:
    """A file of one picture with more properties."""
    return written(kind, [(1, shown.item(width, height, *more))], shown.coded, **options)  # type: ignore[arg-type]


def gridded(
    kind: str,
    tile: Picture,
    rows: int,
    columns: int,
    canvas: tuple[int, int],
    *,
    stated: tuple[int, int] | None = None,
    shared_item: bool = False,
) -> bytes:
    """A grid of tiles that all have the same bytes, and are the same item if `shared_item`."""
    own = grid(rows, columns, *canvas)
    first = Item(b"grid", (extent(*(stated or canvas)),), ((0, len(own)),))
    tile_item = tile.item(offset=len(own))
    count = rows * columns
    numbers = [2] * count if shared_item else list(range(2, count + 2))
    items = [(1, first), *((number, tile_item) for number in dict.fromkeys(numbers))]
    return written(kind, items, own + tile.coded, [(b"dimg", 1, numbers)])


def nested(kind: str, tile: Picture, depth: int, across: int) -> bytes:
    """Grids of `across` × `across` grids, `depth` deep, around one tile; each level is one item."""
    items, references, data = [], [], b""
    for level in range(1, depth + 1):
        side = min(0xFFFF, tile.width * across ** (depth + 1 - level))
        own = grid(across, across, side, side)
        items.append((level, Item(b"grid", (extent(side, side),), ((len(data), len(own)),))))
        references.append((b"dimg", level, [level + 1] * across * across))
        data += own
    items.append((depth + 1, tile.item(offset=len(data))))
    # What the header says of the whole is small.
    items[0] = (1, replace(items[0][1], properties=(extent(64, 64),)))
    return written(kind, items, data + tile.coded, references)
