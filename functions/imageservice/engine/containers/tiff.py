"""TIFF: Pillow reads its directories and turns it upright as it decodes it.

Source: TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
"""

from typing import IO, cast

from PIL import Image, TiffImagePlugin

from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sniff import refused

_SUBFILE_TYPE, _BITS_PER_SAMPLE, _PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION = 254, 258, 262, 330, 50706
_CFA, _LINEAR_RAW = 32803, 34892
_REDUCED = 1
_ALPHA_MODES = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


def read_header(file: BoundedFile) -> Header:
    """The header of a TIFF's first page. Raises ImageRejected."""
    image = _open(file)
    tags = image.tag_v2
    reduced = bool(tags.get(_SUBFILE_TYPE, 0) & _REDUCED)
    raw = _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in (_CFA, _LINEAR_RAW)
    if raw or (reduced and _SUB_IFDS in tags):
        raise refused("Camera RAW (DNG, NEF, ARW and the like)")
    # Scans of 12 bits a sample come from Pillow in 16, unscaled.
    bits = 12 if tags.get(_BITS_PER_SAMPLE) == (12,) else 16
    return Header("tiff", *image.size, alpha=image.mode in _ALPHA_MODES, wide_bits=bits)


def decode(file: BoundedFile) -> Image.Image:
    """The pixels of the first page, upright."""
    image = _open(file)
    image.load()
    return image


def _open(file: BoundedFile) -> TiffImagePlugin.TiffImageFile:
    file.seek(0)
    return TiffImagePlugin.TiffImageFile(cast(IO[bytes], file))
