"""What an uploaded file is, from as few of its bytes as that takes."""

from typing import BinaryIO

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.original import Original
from imageservice.engine.containers import bmp, gif, heif, plain, png, webp
from imageservice.engine.containers.bounded_file import Source
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sniff import HEAD, sniff
from imageservice.engine.pixels.geometry import upright_size

_READERS = {
    "jpeg": plain.read_jpeg,
    "tiff": plain.read_tiff,
    "bmp": bmp.read_header,
    "png": png.read_header,
    "gif": gif.read_header,
    "webp": webp.read_header,
    "heif": heif.read_header,
}


def inspect(file: BinaryIO, size: int, limits: Limits) -> Original:
    """The image in `file`, a seekable file of `size` bytes of which only what is needed is read.

    Raises ImageRejected, with a plain reason, for what is not an image that the service takes or is beyond the limits.
    What `file` itself raises passes unchanged.
    """
    return original(read_header(Source(file, size, limits.max_decode_seconds), limits))


def original(header: Header) -> Original:
    """The header as the rest of the service knows it."""
    width, height = shown_size(header)
    return Original(header.format, width, height, header.frames, header.alpha)


def shown_size(header: Header) -> tuple[int, int]:
    """Width and height as a person sees the image."""
    width, height = header.width, header.height
    if header.crop is not None:
        width, height = header.crop[2] - header.crop[0], header.crop[3] - header.crop[1]
    return upright_size(width, height, header.orientation)


def read_header(source: Source, limits: Limits) -> Header:
    """The header of the image in `source`, which is within the limits. Raises ImageRejected."""
    if source.size > limits.max_bytes:
        raise ImageRejected(
            f"The file has {source.size:,} bytes; at most {limits.max_bytes:,} bytes are accepted."
        )
    container = sniff(source.at(0, HEAD))
    if container == "gif":
        # Its frames are found by walking through all of the file: not for a canvas that is too large anyway.
        _check(gif.screen(source), limits)
    header = _READERS[container](source)
    _check(header, limits)
    return header


def _check(header: Header, limits: Limits) -> None:
    width, height, pixels = header.width, header.height, header.width * header.height
    if not pixels:
        raise ImageRejected(f"The image is empty: its header says {width} × {height} pixels.")
    if pixels > limits.max_pixels:
        raise ImageRejected(
            f"The image has {width} × {height} pixels, {_mega(pixels)} megapixels;"
            f" at most {_mega(limits.max_pixels)} are accepted."
        )
    if max(width, height) > limits.max_aspect * min(width, height):
        raise ImageRejected(
            f"The image has {width} × {height} pixels;"
            f" one side may be at most {limits.max_aspect:,} times as long as the other."
        )
    if header.frames > 1 and header.frames * max(pixels, limits.least_frame_pixels) > limits.max_frame_pixels:
        raise ImageRejected(
            f"The animation has {header.frames:,} frames of {width} × {height} pixels;"
            f" at most {_mega(limits.max_frame_pixels)} megapixels in all frames together are accepted"
            f" (a frame counts as at least {limits.least_frame_pixels:,} pixels)."
        )


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:,.1f}".removesuffix(".0")
