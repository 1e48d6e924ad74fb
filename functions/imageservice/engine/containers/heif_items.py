"""Which items of an AVIF or HEIC its primary image is made of, and how many pixels they have in all.

Source: ISO/IEC 23008-12, sections 6.6 (derived images) and 6.4.9 (auxiliary images)
"""

import struct

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.isobmff import DAMAGED, Index, item_bytes

_CODECS = {b"av01": "avif", b"hvc1": "heic", b"hev1": "heic"}
_OTHER_CODECS = {
    b"jpeg": "JPEG",
    b"j2k1": "JPEG 2000",
    b"avc1": "H.264",
    b"vvc1": "H.266",
    b"unci": "uncompressed",
    b"evc1": "EVC",
    b"lhv1": "layered HEVC",
}
_DERIVED = (b"grid", b"iden", b"iovl", b"tmap")
_MOST_DERIVED = 4
_ALPHA_TYPES = (
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    b"urn:mpeg:hevc:2015:auxid:1",
    b"urn:mpeg:avc:2015:auxid:1",
)
# An image, its alpha, and as much again for tiles that overlap or reach beyond it.
_MOST_CANVASES = 3


def codec_of(index: Index, item: int, depth: int = 0) -> str:
    kind = index.types.get(item, b"")
    if kind in _CODECS:
        return _CODECS[kind]
    tiles = index.referred(b"dimg", item)
    if kind in _DERIVED and tiles and depth < _MOST_DERIVED:
        return codec_of(index, tiles[0], depth + 1)
    if kind in _OTHER_CODECS:
        raise ImageRejected(f"HEIF with {_OTHER_CODECS[kind]} pixels is not accepted; send HEIC or AVIF.")
    raise ImageRejected(DAMAGED)


def coded_items(index: Index, primary: int) -> set[int]:
    """The items with pixels that the primary item is made of: itself or its tiles, and their alpha."""
    items, coded = {primary, *_alpha_items(index, {primary})}, set()
    for _ in range(_MOST_DERIVED + 1):
        tiles = {tile for item in items for tile in index.referred(b"dimg", item)}
        coded |= {item for item in items if index.types.get(item) not in _DERIVED}
        items = tiles | _alpha_items(index, tiles)
        if not items:
            break
    return coded


def has_alpha(index: Index, primary: int) -> bool:
    return bool(_alpha_items(index, {primary, *index.referred(b"dimg", primary)}))


def _alpha_items(index: Index, items: set[int]) -> set[int]:
    """The items that hold the alpha of one of `items`."""
    return {
        owner
        for owner, targets in index.references.get(b"auxl", {}).items()
        if items.intersection(targets)
        and any(
            kind == b"auxC" and data[4:].split(b"\0")[0] in _ALPHA_TYPES
            for kind, data in index.properties_of(owner)
        )
    }


def check_amount(index: Index, primary: int, file: BoundedFile) -> None:
    """Raises ImageRejected if the pictures that a decoder would decode have too many pixels, each or in all.

    A picture counts as often as it is used: thousands of tiles may be the same few bytes.
    """
    known: dict[int, int] = {}
    pixels = _decoded_pixels(index, primary, file, known)
    planes = _alpha_items(index, set(known)) - set(known)
    pixels += sum(_decoded_pixels(index, plane, file, known) for plane in planes)
    most = _MOST_CANVASES * file.limits.max_pixels
    if pixels > most:
        raise ImageRejected(
            f"The image is made of parts with {pixels / 1e6:,.0f} megapixels in all;"
            f" at most {most / 1e6:,.0f} are accepted."
        )


def _decoded_pixels(index: Index, item: int, file: BoundedFile, known: dict[int, int], depth: int = 0) -> int:
    """The pixels of an item, and of all that it is made of; each item's are kept in `known`."""
    if item not in known:
        if depth > _MOST_DERIVED:
            raise ImageRejected(
                "The image's parts are made of parts too often: it was made to be slow to decode."
            )
        width, height = canvas_of(index, item, file)
        if width and height:
            file.limits.check_canvas(width, height)
        parts = index.referred(b"dimg", item) if index.types.get(item) in _DERIVED else ()
        known[item] = width * height + sum(
            _decoded_pixels(index, part, file, known, depth + 1) for part in parts
        )
    return known[item]


def canvas_of(index: Index, item: int, file: BoundedFile) -> tuple[int, int]:
    """An item's width and height: what a grid or overlay says itself, else its property; (0, 0) without one."""
    before = {b"grid": 4, b"iovl": 10}.get(index.types.get(item, b""))
    if before is not None:
        own = item_bytes(index, item, file, before + 8)
        form = ">II" if len(own) > 1 and own[1] & 1 else ">HH"
        if len(own) < before + struct.calcsize(form):
            raise ImageRejected(DAMAGED)
        width, height = struct.unpack_from(form, own, before)
        return width, height
    return stated_size(index, item)


def stated_size(index: Index, item: int) -> tuple[int, int]:
    """An item's width and height by its property; (0, 0) without one."""
    for kind, data in index.properties_of(item):
        if kind == b"ispe" and len(data) >= 12:
            width, height = struct.unpack(">II", data[4:12])
            return width, height
    return 0, 0
