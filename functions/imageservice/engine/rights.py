"""Who owns an image and who is credited: read from an original's own metadata, and put into renditions as XMP.

Nothing else of the metadata passes: the packet in a rendition is made here, of two texts.
"""

import struct
from collections.abc import Callable, Mapping
from zlib import crc32

from imageservice.core.errors import ImageRejected, RequestInvalid
from imageservice.core.text_rules import check_text
from imageservice.engine.containers import avif_writer, exif
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.jpeg_segments import read_frame, segment
from imageservice.engine.xmp import packet, rights_in

_LONGEST = 300  # image_text.schema.json
_IIM_MARK, _IIM_BLOCK = b"Photoshop 3.0\0", b"8BIM\x04\x04\0\0"
_IIM_LOOK = 1_000_000
# Record 2 of IPTC's Information Interchange Model, version 4.2.
_IIM_SETS = {b"\x1c\x02\x74": "copyright", b"\x1c\x02\x6e": "credit"}
_EXIF_TAGS = {0x8298: "copyright", 0x013B: "credit"}  # Copyright, Artist
_GIF_LOOP = b"!\xff\x0bNETSCAPE2.0"
_APP1, _XMP_NAME = 0xE1, b"http://ns.adobe.com/xap/1.0/\0"


def own_rights(data: bytes, file: BoundedFile, header: Header) -> dict[str, str]:
    """`copyright` and `credit` as the original says them: in XMP, else (a JPEG) in IPTC's IIM or in Exif.

    Whatever is hostile, damaged or no text is none.
    """
    sources = [rights_in(data)]
    if header.format == "jpeg":
        sources += [_iim(data[:_IIM_LOOK]), _exif(file)]
    found: dict[str, str] = {}
    for source in sources:
        for name, value in source.items():
            usable = _line(name, value)
            if usable:
                found.setdefault(name, usable)
    return found


def with_rights(data: bytes, format: str, size: tuple[int, int], rights: Mapping[str, str]) -> bytes:
    """A rendition's bytes with the rights in an XMP packet; `size` is its width and height."""
    return _WRITERS[format](data, packet(rights), size) if rights else data


def _line(name: str, value: str) -> str:
    """The value as one line of text that is accepted for the field; empty if it can't be."""
    text = " ".join(value.split())[:_LONGEST].strip()
    try:
        check_text({name: text})
    except RequestInvalid:
        return ""
    return text


def _iim(data: bytes) -> dict[str, str]:
    begin = data.find(_IIM_MARK)
    block = data.find(_IIM_BLOCK, begin) if begin >= 0 else -1
    if block < 0 or len(data) < block + 12:
        return {}
    (length,) = struct.unpack_from(">I", data, block + 8)
    sets = data[block + 12 : block + 12 + min(length, 0xFFFF)]
    found: dict[str, str] = {}
    place = 0
    while place + 5 <= len(sets) and sets[place] == 0x1C:
        (size,) = struct.unpack_from(">H", sets, place + 3)
        name = _IIM_SETS.get(sets[place : place + 3])
        if name and size <= 0x7FFF:
            found.setdefault(name, _decoded(sets[place + 5 : place + 5 + size]))
        place += 5 + size
    return found


def _exif(file: BoundedFile) -> dict[str, str]:
    try:
        block = read_frame(file).exif
    except ImageRejected:
        return {}
    texts = exif.texts(block, _EXIF_TAGS)
    # The photographer's notice ends at a NUL, the editor's follows it.
    return {_EXIF_TAGS[tag]: _decoded(text.strip(b"\0 ").replace(b"\0", b" ")) for tag, text in texts.items()}


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _jpeg(data: bytes, xmp: bytes, _: tuple[int, int]) -> bytes:
    # Behind the JFIF header, which comes first.
    place = 4 + int.from_bytes(data[4:6], "big") if data[2:4] == b"\xff\xe0" else 2
    return data[:place] + segment(_APP1, _XMP_NAME + xmp) + data[place:]


def _png(data: bytes, xmp: bytes, _: tuple[int, int]) -> bytes:
    place = 8 + 25  # the signature, and IHDR
    body = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + xmp
    return (
        data[:place] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", crc32(body)) + data[place:]
    )


def _gif(data: bytes, xmp: bytes, _: tuple[int, int]) -> bytes:
    """Source: XMP Specification Part 3, 1.1.2: its magic trailer ends the block for readers that skip by lengths."""
    flags = data[10]
    place = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    if data[place:].startswith(_GIF_LOOP):
        place += len(_GIF_LOOP) + 5  # some readers look for it in the first place alone
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    block = b"!\xff\x0bXMP DataXMP" + xmp + trailer
    return b"GIF89a" + data[6:place] + block + data[place:]


def _webp(data: bytes, xmp: bytes, size: tuple[int, int]) -> bytes:
    """Source: developers.google.com/speed/webp/docs/riff_container"""
    chunks = data[12:]
    if chunks[:4] == b"VP8X":
        head = chunks[:8] + bytes([chunks[8] | 4]) + chunks[9:18]
        chunks = chunks[18:]
    else:
        # Of a lossless one, the bit behind both sizes says whether it has alpha.
        alpha = 0x10 if chunks[:4] == b"VP8L" and chunks[12] & 0x10 else 0
        sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
        head = b"VP8X" + struct.pack("<I", 10) + bytes([4 | alpha, 0, 0, 0]) + sides
    chunk = b"XMP " + struct.pack("<I", len(xmp)) + xmp + b"\0" * (len(xmp) % 2)
    body = b"WEBP" + head + chunks + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


_WRITERS: Mapping[str, Callable[[bytes, bytes, tuple[int, int]], bytes]] = {
    "jpeg": _jpeg,
    "png": _png,
    "gif": _gif,
    "webp": _webp,
    "avif": lambda data, xmp, _: avif_writer.with_xmp(data, xmp),
}
