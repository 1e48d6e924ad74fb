"""AVIF and HEIC: their index is the boxes `meta` and `moov`, wherever in the file they are.

Sources: ISO/IEC 23008-12 (HEIF items and properties), https://aomediacodec.github.io/av1-avif/
"""

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from io import BytesIO

from PIL import AvifImagePlugin, Image

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import av1, exif, hevc
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.coded_size import Size, av1_sizes
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.heif_items import (
    check_amount,
    codec_of,
    coded_items,
    has_alpha,
    stated_size,
)
from imageservice.engine.containers.isobmff import (
    DAMAGED,
    Index,
    body,
    is_within,
    item_bytes,
    read_index,
    top_boxes,
)
from imageservice.engine.containers.isobmff_tracks import Track, Tracks, read_tracks
from imageservice.engine.containers.sub_frame import SubFrame
from imageservice.engine.pixels.geometry import compose, upright_size

_DAMAGED = "The {} is damaged: its pixels can't be decoded."
_MAX_EXIF = 65_536
# Coded pictures end with whole blocks. So few pixels do no harm, whatever the index says.
_PADDING, _UNCHECKED = 64, 4_000_000
# One turn or mirroring as an EXIF orientation.
_TURNS = {0: 1, 1: 8, 2: 3, 3: 6}
_MIRRORS = {0: 4, 1: 2}


def read_header(file: BoundedFile) -> Header:
    """The header of an AVIF or HEIC, still or (AVIF alone) moving. Raises ImageRejected."""
    index, tracks, brand = None, Tracks(), file.at(8, 4)
    brands = _brands(file)
    reach = 0
    for box in top_boxes(file):
        reach = box.end
        if box.kind == b"meta":
            index = read_index(body(file, box))
        elif box.kind == b"moov":
            tracks = read_tracks(body(file, box))
    moving = brand == b"avis" or b"avis" in brands
    track, moving_alpha = tracks.pictures, tracks.alpha is not None
    if moving and track is not None:
        _check_whole(file, tracks)
    if index is None or index.primary is None:
        if moving and track is not None:
            return Header("avif", track.width, track.height, track.frames, moving_alpha, loops=0)
        if reach > file.size:
            raise ImageRejected("The image is cut off: it ends before its index.")
        raise ImageRejected(
            "The file holds a video or an image sequence without a still image, which is not accepted."
        )
    codec = codec_of(index, index.primary)
    if not all(is_within(index, item, file.size) for item in coded_items(index, index.primary)):
        raise ImageRejected(f"The {codec.upper()} is cut off: it ends before its last pixel.")
    check_amount(index, index.primary, file)
    header = _still_header(index, index.primary, codec, file)
    # libavif's choice of what to show: the major brand decides, another one prefers the tracks.
    if codec == "avif" and track is not None and track.frames > 1 and brand != b"avif" and moving:
        return Header(
            "avif",
            header.width,
            header.height,
            track.frames,
            header.alpha,
            header.orientation,
            header.crop,
            header.cicp,
            loops=0,
        )
    return header


def decode_avif(file: BoundedFile) -> Image.Image:
    """The pixels of a still AVIF."""
    _check_sound(file)
    image = AvifImagePlugin.AvifImageFile(BytesIO(_accepted_avif(file)))
    image.load()
    return image


def decode_heic(file: BoundedFile) -> Image.Image:
    """The pixels of a HEIC's primary image, turned as its container says. Raises ImageRejected."""
    # Not at the top: 20 ms that only HEIC needs.
    import pillow_heif

    _check_sound(file)
    image: Image.Image = pillow_heif.open_heif(file.at(0, file.size)).to_pillow()
    return image


def composed_avif_frames(file: BoundedFile, frames: int) -> Iterator[SubFrame]:
    """Every frame of a moving AVIF, as large as the canvas: libavif paints them."""
    _check_sound_tracks(file)
    image = AvifImagePlugin.AvifImageFile(BytesIO(_accepted_avif(file)))
    for place in range(frames):
        file.check_time()
        image.seek(place)
        image.load()
        yield SubFrame(image.copy(), 0, 0, round(image.info["duration"]))


def _accepted_avif(file: BoundedFile) -> bytes:
    """The file as libavif takes it.

    Several `ipma` boxes of one version and flags get flags of their own, in bits that mean nothing: the standard
    forbids them to be alike, browsers don't mind. A sequence without a still image stops claiming one.
    """
    data = file.at(0, file.size)
    found = {box.kind: box for box in top_boxes(file)}
    brands, meta = found.get(b"ftyp"), found.get(b"meta")
    if meta is None and brands is not None:
        named = data[brands.start : brands.end].replace(b"avif", b"avis")
        data = data[: brands.start] + named + data[brands.end :]
    seen: Counter[bytes] = Counter()
    if meta is not None:
        for at in read_index(body(file, meta)).association_boxes:
            start = meta.start + at
            kind = data[start : start + 4]
            if seen[kind]:
                flags = int.from_bytes(kind[1:], "big") | seen[kind] << 1
                data = data[: start + 1] + flags.to_bytes(3, "big") + data[start + 4 :]
            seen[kind] += 1
    return data


def _check_whole(file: BoundedFile, tracks: Tracks) -> None:
    """Raises ImageRejected if a frame lies beyond the end of the file."""
    for track in filter(None, tracks):
        file.limits.check_frames(track.frames, track.width, track.height)
        if any(offset + length > file.size for offset, length in track.samples()):
            raise ImageRejected("The AVIF is cut off: it ends before its last frame.")


def _check_sound(file: BoundedFile) -> None:
    """Raises ImageRejected if a picture that the image consists of has damaged pixels."""
    indexes = [read_index(body(file, box)) for box in top_boxes(file) if box.kind == b"meta"]
    if not indexes or indexes[-1].primary is None:
        _check_sound_tracks(file)
        return
    index = indexes[-1]
    for item in coded_items(index, index.primary or 0):
        file.check_time()
        properties = dict(index.properties_of(item))
        coded = item_bytes(index, item, file, file.size)
        in_av1 = index.types.get(item) == b"av01"
        sizes = av1_sizes(coded) if in_av1 else hevc.sizes(properties.get(b"hvcC", b""), coded)
        _check_coded_sizes(sizes, stated_size(index, item), "AVIF" if in_av1 else "HEIC")
        if in_av1:
            if not av1.is_sound([coded], file.limits.max_pixels):
                raise ImageRejected(_DAMAGED.format("AVIF"))
        elif not hevc.is_sound(properties.get(b"hvcC", b""), coded):
            raise ImageRejected(_DAMAGED.format("HEIC"))


def _check_sound_tracks(file: BoundedFile) -> None:
    """Raises ImageRejected if a frame, or its alpha, has damaged pixels."""
    tracks = [read_tracks(body(file, box)) for box in top_boxes(file) if box.kind == b"moov"]
    for track in filter(None, tracks[-1]):
        units = _checked_samples(track, file)
        if not av1.is_sound(units, file.limits.max_pixels):
            raise ImageRejected(_DAMAGED.format("AVIF"))


def _checked_samples(track: Track, file: BoundedFile) -> Iterator[bytes]:
    for offset, length in track.samples():
        unit = file.at(offset, length)
        _check_coded_sizes(av1_sizes(unit), (track.width, track.height), "AVIF")
        yield unit


def _check_coded_sizes(sizes: Iterable[Size], stated: Size, label: str) -> None:
    """Raises ImageRejected if a coded picture is larger than the index, which the limits were held to, states."""
    most = max(_UNCHECKED, (stated[0] + _PADDING) * (stated[1] + _PADDING))
    try:
        larger = any(width * height > most for width, height in sizes)
    except ValueError as error:
        raise ImageRejected(_DAMAGED.format(label)) from error
    if larger:
        raise ImageRejected(f"The {label} is damaged: it holds more pixels than its index says.")


def _still_header(index: Index, primary: int, codec: str, file: BoundedFile) -> Header:
    width = height = 0
    orientation = 1
    crop = None
    cicp = None
    for kind, data in index.properties_of(primary):
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
        raise ImageRejected(DAMAGED)
    alpha = has_alpha(index, primary)
    if codec == "heic":
        # libheif crops and turns by itself: the pixels come as they are seen.
        if crop is not None:
            width, height = crop[2] - crop[0], crop[3] - crop[1]
        width, height = upright_size(width, height, orientation)
        # Some phones and cameras leave the container's rotation at 0, and rotate only by EXIF.
        late = exif.orientation(_exif(index, primary, file)) if orientation == 1 else 1
        return Header("heic", width, height, alpha=alpha, orientation=late, cicp=cicp)
    return Header("avif", width, height, alpha=alpha, orientation=orientation, crop=crop, cicp=cicp)


def exif_block(file: BoundedFile) -> bytes:
    """The EXIF of an AVIF's or HEIC's primary image; empty without any. Raises ImageRejected."""
    for box in top_boxes(file):
        if box.kind == b"meta":
            index = read_index(body(file, box))
            return b"" if index.primary is None else _exif(index, index.primary, file)
    return b""


def _exif(index: Index, primary: int, file: BoundedFile) -> bytes:
    """The EXIF block that describes the primary item; its first four bytes say how far on it begins."""
    for item, described in index.references.get(b"cdsc", {}).items():
        if primary in described and index.types.get(item) == b"Exif":
            block = item_bytes(index, item, file, _MAX_EXIF)
            return block[4 + int.from_bytes(block[:4], "big") :]
    return b""


def _aperture(data: bytes, width: int, height: int) -> tuple[int, int, int, int] | None:
    """The clean aperture in whole pixels, or None where it is not inside the image (libavif ignores it then too)."""
    wn, wd, hn, hd, xn, xd, yn, yd = struct.unpack(">IIIIiIiI", data[:32])
    if not (wd and hd and xd and yd):
        return None
    clean_width, clean_height = wn // wd, hn // hd
    left = round((width - clean_width) / 2 + xn / xd)
    top = round((height - clean_height) / 2 + yn / yd)
    inside = clean_width > 0 and clean_height > 0 and left >= 0 and top >= 0
    if not inside or left + clean_width > width or top + clean_height > height:
        return None
    return left, top, left + clean_width, top + clean_height


def _brands(file: BoundedFile) -> set[bytes]:
    length = int.from_bytes(file.at(0, 4), "big")
    listed = file.at(8, min(length, 1024) - 8 if length > 8 else 0)
    return {listed[at : at + 4] for at in range(0, len(listed), 4)}
