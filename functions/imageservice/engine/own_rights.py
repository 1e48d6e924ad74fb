"""Who owns an image and who is credited, as the original's own metadata say it. Nothing else of them is read.

    XMP               any format, by its own marks; compressed in a PNG
    IPTC's IIM        JPEG (APP13), TIFF (tags 33723 and 34377)
    Exif              JPEG, PNG (eXIf), WebP (EXIF), AVIF and HEIC (an item), TIFF (its own tags)
    Copyright, Author texts of a PNG

The first that has a text counts. Whatever is hostile, damaged or no text is none: it costs no image.
"""

import struct
from collections.abc import Callable, Mapping
from itertools import chain

from imageservice.core.errors import ImageRejected, RequestInvalid
from imageservice.core.text_rules import check_text
from imageservice.engine.containers import exif, heif, png_metadata, webp
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.jpeg_segments import read_frame
from imageservice.engine.xmp import rights_in

_LONGEST, _MOST_READ = 300, 10_000  # the first is that of image_text.schema.json
_IIM_MARK, _IIM_BLOCK = b"Photoshop 3.0\0", b"8BIM\x04\x04\0\0"
_IIM_LOOK = 1_000_000
# Record 2 of IPTC's Information Interchange Model, version 4.2.
_IIM_SETS = {b"\x1c\x02\x74": "copyright", b"\x1c\x02\x6e": "credit"}
_EXIF_TAGS = {0x8298: "copyright", 0x013B: "credit"}  # Copyright, Artist
# Source: XMP Specification Part 3, 1.1.4: IPTC's records, and Photoshop's blocks that have them inside.
_TIFF_IIM, _TIFF_BLOCKS = 33723, 34377
_PNG_TEXTS = {b"Copyright": "copyright", b"Author": "credit"}
_CLASSIC_TIFF = (b"II*\0", b"MM\0*")

Rights = dict[str, str]


def own_rights(data: bytes, file: BoundedFile, header: Header) -> Rights:
    """`copyright` and `credit` of an original, as far as it says them."""
    found: Rights = {}
    for name, value in chain(rights_in(data).items(), _others(data, file, header)):
        if name not in found and (usable := _line(name, value)):
            found[name] = usable
    return found


def _others(data: bytes, file: BoundedFile, header: Header) -> list[tuple[str, str]]:
    """The texts of the format's own places, the best first."""
    try:
        sources = _READERS.get(header.format, _nothing)(data, file)
    except ImageRejected:  # the pixels were good: what is wrong is in the metadata
        return []
    return [pair for source in sources for pair in source.items()]


def _jpeg(data: bytes, file: BoundedFile) -> list[Rights]:
    begin = data.find(_IIM_MARK, 0, _IIM_LOOK)
    blocks = data[begin:_IIM_LOOK] if begin >= 0 else b""
    return [_iim_in(blocks), _exif(read_frame(file).exif)]


def _png(_: bytes, file: BoundedFile) -> list[Rights]:
    texts = png_metadata.texts(file, {png_metadata.XMP, *_PNG_TEXTS})
    own = {name: texts[keyword].decode() for keyword, name in _PNG_TEXTS.items() if keyword in texts}
    return [rights_in(texts.get(png_metadata.XMP, b"")), _exif(png_metadata.exif_block(file)), own]


def _webp(_: bytes, file: BoundedFile) -> list[Rights]:
    return [_exif(webp.exif_block(file))]


def _heif(_: bytes, file: BoundedFile) -> list[Rights]:
    return [_exif(heif.exif_block(file))]


def _tiff(data: bytes, _: BoundedFile) -> list[Rights]:
    if data[:4] not in _CLASSIC_TIFF:
        return []
    found = exif.values(data, {_TIFF_IIM, _TIFF_BLOCKS}, exif.BLOCKS)
    return [_iim(found.get(_TIFF_IIM, b"")), _iim_in(found.get(_TIFF_BLOCKS, b"")), _exif(data)]


def _nothing(_: bytes, __: BoundedFile) -> list[Rights]:
    return []


_READERS: Mapping[str, Callable[[bytes, BoundedFile], list[Rights]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _heif,
    "heic": _heif,
    "tiff": _tiff,
}


def _line(name: str, value: str) -> str:
    """The value as one line of text that is accepted for the field; empty if it can't be."""
    text = " ".join(value[:_MOST_READ].split())[:_LONGEST].strip()
    try:
        check_text({name: text})
    except RequestInvalid:
        return ""
    return text


def _iim_in(blocks: bytes) -> Rights:
    """The rights in Photoshop's blocks, one of which has IPTC's records."""
    block = blocks.find(_IIM_BLOCK)
    if block < 0 or len(blocks) < block + 12:
        return {}
    (length,) = struct.unpack_from(">I", blocks, block + 8)
    return _iim(blocks[block + 12 : block + 12 + min(length, 0xFFFF)])


def _iim(sets: bytes) -> Rights:
    found: Rights = {}
    place = 0
    while place + 5 <= len(sets) and sets[place] == 0x1C:
        (size,) = struct.unpack_from(">H", sets, place + 3)
        name = _IIM_SETS.get(sets[place : place + 3])
        if name and size <= 0x7FFF:
            found.setdefault(name, _decoded(sets[place + 5 : place + 5 + size]))
        place += 5 + size
    return found


def _exif(block: bytes | None) -> Rights:
    texts = exif.texts(block, _EXIF_TAGS)
    # The photographer's notice ends at a NUL, the editor's follows it.
    return {_EXIF_TAGS[tag]: _decoded(text.strip(b"\0 ").replace(b"\0", b" ")) for tag, text in texts.items()}


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
