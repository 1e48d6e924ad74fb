"""AVIF and HEIC: their index is the boxes `meta` and `moov`, wherever in the file they are.

Sources: ISO/IEC 14496-12 (boxes), 23008-12 (HEIF items and properties), https://aomediacodec.github.io/av1-avif/
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, cast

from PIL import AvifImagePlugin, Image

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers.bounded_file import BoundedFile, decoding
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sub_frame import SubFrame
from imageservice.engine.pixels.geometry import upright_size

_MAX_INDEX = 16_000_000
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
_DAMAGED = "The image's index is damaged."
_ALPHA_TYPES = (
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    b"urn:mpeg:hevc:2015:auxid:1",
    b"urn:mpeg:avc:2015:auxid:1",
)
# What one turn or mirroring does, as EXIF orientations; and the product of two (first, then second).
_TURNS = {0: 1, 1: 8, 2: 3, 3: 6}
_MIRRORS = {0: 4, 1: 2}
_Box = tuple[bytes, int, int]


@dataclass
class _Index:
    """The `meta` box, as far as it is used."""

    primary: int | None = None
    types: dict[int, bytes] = field(default_factory=dict)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)
    references: list[tuple[bytes, int, tuple[int, ...]]] = field(default_factory=list)

    def of(self, item: int) -> list[tuple[bytes, bytes]]:
        """The item's properties in the order in which they apply."""
        return [self.properties[at - 1] for at in self.owned.get(item, []) if 0 < at <= len(self.properties)]


def read_header(file: BoundedFile) -> Header:
    """The header of an AVIF or HEIC, still or (AVIF alone) moving. Raises ImageRejected."""
    index, frames, brand = None, 0, file.at(8, 4)
    brands = _brands(file)
    for kind, start, end in _top(file):
        if kind == b"meta":
            index = _read_meta(_body(file, start, end))
        elif kind == b"moov":
            frames = _read_moov(_body(file, start, end))
    if index is None or index.primary is None:
        raise ImageRejected(
            "The file holds a video or an image sequence without a still image, which is not accepted."
        )
    codec = _codec(index, index.primary)
    header = _still_header(index, index.primary, codec)
    # libavif's choice of what to show: the major brand decides, another one prefers the tracks.
    if codec == "avif" and frames > 1 and brand != b"avif" and (brand == b"avis" or b"avis" in brands):
        return Header(
            "avif",
            header.width,
            header.height,
            frames,
            header.alpha,
            header.orientation,
            header.crop,
            header.cicp,
            loops=0,
        )
    return header


def decode_avif(file: BoundedFile) -> Image.Image:
    """The pixels of a still AVIF."""
    with decoding("AVIF", file):
        image = _open_avif(file)
        image.load()
    return image


def decode_heic(file: BoundedFile) -> Image.Image:
    """The pixels of a HEIC's primary image, upright."""
    # Not at the top: 20 ms that only HEIC needs.
    import pillow_heif

    with decoding("HEIC", file):
        image: Image.Image = pillow_heif.open_heif(file.at(0, file.size)).to_pillow()
    return image


def composed_avif_frames(file: BoundedFile, frames: int) -> Iterator[SubFrame]:
    """Every frame of a moving AVIF, as large as the canvas: libavif paints them."""
    with decoding("AVIF", file):
        image = _open_avif(file)
        for number in range(frames):
            file.check_time()
            image.seek(number)
            image.load()
            yield SubFrame(image.copy(), 0, 0, round(image.info["duration"]))


def _open_avif(file: BoundedFile) -> AvifImagePlugin.AvifImageFile:
    file.seek(0)
    return AvifImagePlugin.AvifImageFile(cast(IO[bytes], file))


def compose(first: int, second: int) -> int:
    """The EXIF orientation that does `first` and then `second`."""
    matrices = {
        1: (1, 0, 0, 1),
        2: (-1, 0, 0, 1),
        3: (-1, 0, 0, -1),
        4: (1, 0, 0, -1),
        5: (0, 1, 1, 0),
        6: (0, -1, 1, 0),
        7: (0, -1, -1, 0),
        8: (0, 1, -1, 0),
    }
    a, b, c, d = matrices[second]
    e, f, g, h = matrices[first]
    product = (a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h)
    return next(number for number, matrix in matrices.items() if matrix == product)


def _still_header(index: _Index, primary: int, codec: str) -> Header:
    width = height = 0
    orientation = 1
    crop = None
    cicp = None
    for kind, data in index.of(primary):
        if kind == b"ispe" and len(data) >= 12:
            width, height = struct.unpack(">II", data[4:12])
        elif kind == b"irot" and data:
            orientation = compose(orientation, _TURNS[data[0] & 3])
        elif kind == b"imir" and data:
            orientation = compose(orientation, _MIRRORS[data[0] & 1])
        elif kind == b"clap" and len(data) >= 32 and orientation == 1:
            crop = _aperture(data, width, height)
        elif kind == b"colr" and data[:4] == b"nclx" and len(data) >= 11:
            primaries, transfer, matrix, full = struct.unpack(">HHHB", data[4:11])
            cicp = (primaries, transfer, matrix, full >> 7)
    if not width or not height:
        raise ImageRejected(_DAMAGED)
    alpha = _has_alpha(index, primary)
    if codec == "heic":
        # libheif crops and turns by itself: the pixels come as they are seen.
        if crop is not None:
            width, height = crop[2] - crop[0], crop[3] - crop[1]
        width, height = upright_size(width, height, orientation)
        return Header("heic", width, height, alpha=alpha, cicp=cicp)
    return Header("avif", width, height, alpha=alpha, orientation=orientation, crop=crop, cicp=cicp)


def _aperture(data: bytes, width: int, height: int) -> tuple[int, int, int, int] | None:
    """The clean aperture in whole pixels, or None where it is not inside the image (libavif ignores it then too)."""
    wn, wd, hn, hd, xn, xd, yn, yd = struct.unpack(">IIIIiIiI", data[:32])
    if not (wd and hd and xd and yd):
        return None
    kept_width, kept_height = wn // wd, hn // hd
    left = round((width - kept_width) / 2 + xn / xd)
    top = round((height - kept_height) / 2 + yn / yd)
    inside = kept_width > 0 and kept_height > 0 and left >= 0 and top >= 0
    if not inside or left + kept_width > width or top + kept_height > height:
        return None
    return left, top, left + kept_width, top + kept_height


def _codec(index: _Index, item: int, depth: int = 0) -> str:
    kind = index.types.get(item, b"")
    if kind in _CODECS:
        return _CODECS[kind]
    if kind in (b"grid", b"iden", b"iovl", b"tmap") and depth < 4:
        for reference, owner, targets in index.references:
            if reference == b"dimg" and owner == item and targets:
                return _codec(index, targets[0], depth + 1)
    if kind in _OTHER_CODECS:
        raise ImageRejected(f"HEIF with {_OTHER_CODECS[kind]} pixels is not accepted; send HEIC or AVIF.")
    raise ImageRejected(_DAMAGED)


def _has_alpha(index: _Index, primary: int) -> bool:
    shown = {primary}
    for reference, owner, targets in index.references:
        if reference == b"dimg" and owner == primary:
            shown.update(targets)
    return any(
        kind == b"auxC" and data[4:].split(b"\0")[0] in _ALPHA_TYPES
        for reference, owner, targets in index.references
        if reference == b"auxl" and shown.intersection(targets)
        for kind, data in index.of(owner)
    )


def _brands(file: BoundedFile) -> set[bytes]:
    length = int.from_bytes(file.at(0, 4), "big")
    listed = file.at(8, min(length, 1024) - 8 if length > 8 else 0)
    return {listed[at : at + 4] for at in range(0, len(listed), 4)}


def _top(file: BoundedFile) -> Iterator[_Box]:
    """The file's outermost boxes, by their heads alone."""
    offset = 0
    while len(head := file.at(offset, 16)) >= 8:
        length, kind = struct.unpack(">I4s", head[:8])
        start = offset + 8
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack(">Q", head[8:])
            start = offset + 16
        end = offset + length if length else file.size
        if end < start:
            return
        yield kind, start, min(end, file.size)
        offset = end


def _body(file: BoundedFile, start: int, end: int) -> bytes:
    if end - start > _MAX_INDEX:
        raise ImageRejected("The image's index is larger than 16 MB.")
    return file.at(start, end - start)


def _boxes(data: bytes, start: int = 0) -> Iterator[tuple[bytes, bytes]]:
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1 and start + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        if length == 0:
            length = len(data) - start
        if length < head:
            return
        yield kind, data[start + head : start + length]
        start += length


def _read_meta(data: bytes) -> _Index:
    index = _Index()
    try:
        for kind, body in _boxes(data, 4):
            if kind == b"pitm":
                index.primary = _number(body, 4, 4 if body[0] else 2)
            elif kind == b"iinf":
                for _, entry in _boxes(body, 8 if body[0] else 6):
                    if entry[0] >= 2:
                        size = 4 if entry[0] >= 3 else 2
                        index.types[_number(entry, 4, size)] = entry[6 + size : 10 + size]
            elif kind == b"iprp":
                _read_properties(body, index)
            elif kind == b"iref":
                _read_references(body, index)
    except (IndexError, struct.error) as error:
        raise ImageRejected(_DAMAGED) from error
    return index


def _read_properties(data: bytes, index: _Index) -> None:
    for kind, body in _boxes(data):
        if kind == b"ipco":
            index.properties.extend(_boxes(body))
        elif kind == b"ipma":
            wide, long = body[0] >= 1, body[3] & 1
            at = 8
            for _ in range(_number(body, 4, 4)):
                item = _number(body, at, 4 if wide else 2)
                at += 4 if wide else 2
                count = body[at]
                at += 1
                size = 2 if long else 1
                mask = 0x7FFF if long else 0x7F
                index.owned[item] = [_number(body, at + size * i, size) & mask for i in range(count)]
                at += size * count


def _read_references(data: bytes, index: _Index) -> None:
    size = 4 if data[0] else 2
    for kind, body in _boxes(data, 4):
        count = _number(body, size, 2)
        targets = tuple(_number(body, size + 2 + size * i, size) for i in range(count))
        index.references.append((kind, _number(body, 0, size), targets))


def _read_moov(data: bytes) -> int:
    """How many samples the first picture track has."""
    for kind, track in _boxes(data):
        if kind != b"trak":
            continue
        media = dict(_boxes(dict(_boxes(track)).get(b"mdia", b"")))
        table = dict(_boxes(dict(_boxes(media.get(b"minf", b""))).get(b"stbl", b"")))
        sizes = table.get(b"stsz", b"")
        if media.get(b"hdlr", b"")[8:12] == b"pict" and len(sizes) >= 12:
            return _number(sizes, 8, 4)
    return 0


def _number(data: bytes, offset: int, size: int) -> int:
    if offset + size > len(data):
        raise IndexError(offset)
    return int.from_bytes(data[offset : offset + size], "big")
