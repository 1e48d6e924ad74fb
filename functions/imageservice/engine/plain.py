"""JPEG and TIFF: Pillow reads their headers, and only their headers, by itself."""

from typing import IO, cast

from PIL import Image, JpegImagePlugin, TiffImagePlugin

from imageservice.engine import exif
from imageservice.engine.header import Header
from imageservice.engine.sniff import refused
from imageservice.engine.source import Source, decoding
from imageservice.errors import ImageRejected

# The limits of this package are checked before any pixel is decoded, for every format alike.
Image.MAX_IMAGE_PIXELS = None

_BITS_PER_SAMPLE = 258
_CFA, _LINEAR_RAW = 32803, 34892
_DNG_VERSION, _SUBFILE, _SUB_IFDS = 50706, 254, 330
ALPHA_MODES = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


def open_jpeg(source: Source) -> JpegImagePlugin.JpegImageFile:
    """The first picture of the file: an MPO's further ones are another eye's view or a depth map."""
    source.seek(0)
    with decoding("JPEG", source):
        return JpegImagePlugin.JpegImageFile(cast(IO[bytes], source))


def open_tiff(source: Source) -> TiffImagePlugin.TiffImageFile:
    """The first page of the file."""
    source.seek(0)
    with decoding("TIFF", source):
        return TiffImagePlugin.TiffImageFile(cast(IO[bytes], source))


def read_jpeg(source: Source) -> Header:
    image = open_jpeg(source)
    if not image.tile:
        raise ImageRejected("The JPEG is cut off: it has no pixels.")
    return Header("jpeg", *image.size, orientation=exif.orientation(image.info.get("exif")))


def read_tiff(source: Source) -> Header:
    image = open_tiff(source)
    tags = image.tag_v2
    reduced = bool(tags.get(_SUBFILE, 0) & 1)
    if _DNG_VERSION in tags or tags.get(262) in (_CFA, _LINEAR_RAW) or (reduced and _SUB_IFDS in tags):
        raise refused("Camera RAW (DNG, NEF, ARW and the like)")
    # Pillow turns a TIFF upright as it decodes it, so nothing is left to do.
    return Header("tiff", *image.size, alpha=has_alpha(image))


def has_alpha(image: Image.Image) -> bool:
    return image.mode in ALPHA_MODES


def sample_bits(image: Image.Image) -> int:
    """How many of a 16-bit sample's bits a TIFF uses: 12 in some scans."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return 12 if image.tag_v2.get(_BITS_PER_SAMPLE) == (12,) else 16
    return 16
