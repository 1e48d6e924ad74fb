"""Finds out what an uploaded file is, from as few of its bytes as possible."""

from typing import BinaryIO

from imageservice.core.errors import ImageRejected
from imageservice.core.formats import FORMATS
from imageservice.core.limits import Limits
from imageservice.core.original import Original
from imageservice.engine.containers import bmp, gif, heif, jpeg, png, tiff, webp
from imageservice.engine.containers.bounded_file import BoundedFile, decoding
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sniff import HEAD, sniff
from imageservice.engine.pixels.geometry import upright_size

_READERS = {
    "jpeg": jpeg.read_header,
    "tiff": tiff.read_header,
    "bmp": bmp.read_header,
    "png": png.read_header,
    "gif": gif.read_header,
    "webp": webp.read_header,
    "heif": heif.read_header,
}

# A HEIF file is an AVIF or a HEIC: its index says which.
_NAMES = {name: FORMATS[name].label if name in FORMATS else "image" for name in _READERS}


def inspect(file: BinaryIO, size: int, limits: Limits) -> Original:
    """The image in `file`, a seekable file of `size` bytes of which only what is needed is read.

    Raises ImageRejected, with a plain reason, for what is not an image that the service takes or is beyond the limits.
    What `file` itself raises passes unchanged.
    """
    seconds = min(limits.max_inspect_seconds, limits.max_decode_seconds)
    return original(read_header(BoundedFile(file, size, limits, seconds)))


def original(header: Header) -> Original:
    """The header in the form that the rest of the service uses."""
    width, height = displayed_size(header)
    return Original(header.format, width, height, header.frames, header.alpha)


def displayed_size(header: Header) -> tuple[int, int]:
    """Width and height as a person sees the image."""
    width, height = header.width, header.height
    if header.crop is not None:
        width, height = header.crop[2] - header.crop[0], header.crop[3] - header.crop[1]
    return upright_size(width, height, header.orientation)


def read_header(file: BoundedFile) -> Header:
    """The header of the image in `file`, which is within the limits. Raises ImageRejected."""
    limits = file.limits
    if file.size > limits.max_bytes:
        raise ImageRejected(
            f"The file has {file.size:,} bytes; at most {limits.max_bytes:,} bytes are accepted."
        )
    container = sniff(file.at(0, HEAD))
    with decoding(_NAMES[container], file):
        header = _READERS[container](file)
    limits.check_canvas(header.width, header.height)
    limits.check_frames(header.frames, header.width, header.height)
    return header
