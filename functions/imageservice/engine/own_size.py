"""A rendition of the original's own size takes no more bytes than the original, where both are in one format."""

from collections.abc import Callable

from imageservice.engine.containers import avif_writer, gif, jpeg, png, webp
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header

_CODED_PIXELS: dict[str, Callable[[BoundedFile], bytes | None]] = {
    "jpeg": jpeg.without_metadata,
    "png": png.without_metadata,
    "webp": webp.without_metadata,
    "avif": avif_writer.without_metadata,
    "gif": gif.without_metadata,
}
# Parts of the usual quality that are tried, until the original's bytes are enough.
_LOWER = (0.85, 0.7, 0.55, 0.4, 0.25, 0.1)


def no_larger_than_original(
    encoded: bytes,
    file: BoundedFile,
    header: Header,
    as_stored: bool,
    quality: int | None,
    encode: Callable[[int], bytes],
) -> bytes:
    """The rendition's bytes, or fewer, where the original in `file` has the rendition's format and fewer.

    If the original's pixels are shown `as_stored`, its own coded pixels, without metadata, are better and are taken.
    Otherwise (they are turned, or their colors converted) the rendition is encoded again at a lower quality; one that
    has no quality stays as it is.
    """
    coded = _CODED_PIXELS[header.format](file) if as_stored else None
    if coded is not None and len(coded) <= len(encoded):
        return coded
    if len(encoded) <= file.size or quality is None:
        return encoded
    smallest = encoded
    for part in _LOWER:
        smallest = min(encode(max(1, round(quality * part))), smallest, key=len)
        if len(smallest) <= file.size:
            break
    return smallest
