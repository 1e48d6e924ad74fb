"""EXIF and texts of a PNG.

Source: W3C PNG Specification (Third Edition), https://www.w3.org/TR/png-3/
"""

import zlib
from collections.abc import Collection

from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.png import chunks, late_exif

XMP = b"XML:com.adobe.xmp"
"""The keyword of the text that is an XMP packet."""
_LONGEST_KEYWORD, _LONGEST_TEXT, _LONGEST_EXIF = 79, 1_000_000, 65_536


def exif_block(file: BoundedFile) -> bytes:
    """The EXIF of a PNG, wherever it is; empty without any."""
    for chunk in chunks(file):
        if chunk.kind == b"eXIf":
            return file.at(chunk.offset, min(chunk.length, _LONGEST_EXIF))
        if chunk.kind == b"IDAT":
            break
    return late_exif(file)


def texts(file: BoundedFile, keywords: Collection[bytes]) -> dict[bytes, bytes]:
    """The texts with these keywords, as UTF-8: of each keyword the first. What is too long or damaged is empty.

    Source: W3C PNG, section 11.3.3.
    """
    found: dict[bytes, bytes] = {}
    for chunk in chunks(file):
        if chunk.kind not in (b"tEXt", b"zTXt", b"iTXt"):
            continue
        keyword = file.at(chunk.offset, min(chunk.length, _LONGEST_KEYWORD + 1)).partition(b"\0")[0]
        if keyword in keywords and keyword not in found:
            body = file.at(chunk.offset, chunk.length) if chunk.length <= _LONGEST_TEXT else b""
            found[keyword] = _text(chunk.kind, body[len(keyword) + 1 :])
    return found


def _text(kind: bytes, body: bytes) -> bytes:
    """What follows the keyword, as UTF-8; empty if it is damaged, or inflates to more than is read."""
    packed = kind == b"zTXt"
    if packed:
        body = body[1:]
    elif kind == b"iTXt":
        packed = body[:1] == b"\1"
        # The method, the language, and the keyword in that.
        body = body[2:].partition(b"\0")[2].partition(b"\0")[2]
    if packed:
        inflater = zlib.decompressobj()
        try:
            body = inflater.decompress(body, _LONGEST_TEXT)
        except zlib.error:
            return b""
        if not inflater.eof:
            return b""
    try:
        return body if kind == b"iTXt" and body.decode() else body.decode("latin-1").encode()
    except UnicodeDecodeError:
        return b""
