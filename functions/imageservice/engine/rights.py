"""Puts who owns an image and who is credited into renditions, as XMP: a packet of these two texts and nothing else."""

import struct
from collections.abc import Callable, Mapping
from zlib import crc32

from imageservice.engine.containers import avif_writer
from imageservice.engine.containers.jpeg_segments import segment
from imageservice.engine.xmp import packet

_GIF_LOOP = b"!\xff\x0bNETSCAPE2.0"
_APP1, _XMP_NAME = 0xE1, b"http://ns.adobe.com/xap/1.0/\0"


def with_rights(data: bytes, format: str, size: tuple[int, int], rights: Mapping[str, str]) -> bytes:
    """A rendition's bytes with the rights in an XMP packet; `size` is its width and height."""
    return _WRITERS[format](data, packet(rights), size) if rights else data


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
