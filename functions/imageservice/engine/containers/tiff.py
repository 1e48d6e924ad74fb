"""TIFF: one of its pages, decoded by Pillow and libtiff, or by libtiff alone where Pillow does not know the samples.

Source: TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
"""

from typing import IO, cast

from PIL import Image, ImageChops, TiffImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import tiff_directory as tags
from imageservice.engine.containers import tiff_samples
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sniff import refused
from imageservice.engine.containers.tiff_directory import (
    Directory,
    is_big_endian_bigtiff,
    is_preview_of_raw,
    read_directory,
)
from imageservice.engine.containers.tiff_strips import DEFLATE, JPEG, check_strips, check_tiles
from imageservice.engine.pixels.bit_depth import eight_bit

_UNSIGNED = 1
_MIN_IS_WHITE, _YCBCR, _CFA, _LINEAR_RAW = 0, 6, 32803, 34892
_SEPARATE = 2
_DECODED = {1, 2, 3, 4, 5, 6, JPEG, *DEFLATE, 32773, 34925, 50000, *tiff_samples.LOGLUV}
_COMPRESSIONS = {
    34712: "JPEG 2000",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34887: "LERC",
    34933: "PNG",
    34934: "JPEG XR",
    22610: "JPEG XR",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_ALPHA_MODES = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_BITS_OF_PILLOW = {1, 2, 4, 8, 12, 16}


def read_header(file: BoundedFile) -> Header:
    """The header of a TIFF's page. Raises ImageRejected."""
    directory = read_directory(file)
    photometric = directory.first(tags.PHOTOMETRIC, 1)
    raw = tags.DNG_VERSION in directory.tags or photometric in (_CFA, _LINEAR_RAW)
    if raw or is_preview_of_raw(file):
        raise refused("Camera RAW (DNG, NEF, ARW and the like)")
    compression = directory.first(tags.COMPRESSION, 1)
    if compression not in _DECODED:
        name = _COMPRESSIONS.get(compression, f"method {compression}")
        raise ImageRejected(f"A TIFF compressed by {name} is not accepted; send it as JPEG or PNG.")
    if photometric == _YCBCR and directory.first(tags.PLANES, 1) == _SEPARATE:
        raise ImageRejected("A TIFF of YCbCr in separate planes is not accepted; send it as JPEG or PNG.")
    check_tiles(directory)
    image = None if is_big_endian_bigtiff(file) else _by_pillow(file, directory)
    if image is not None:
        # Scans of 12 bits a sample come from Pillow in 16, unscaled.
        bits = 12 if directory.tags.get(tags.BITS) == (12,) else 16
        return Header("tiff", *image.size, alpha=image.mode in _ALPHA_MODES, wide_bits=bits)
    layout = tiff_samples.layout_of(directory)
    orientation = directory.first(tags.ORIENTATION, 1)
    return Header(
        "tiff",
        *directory.size,
        alpha=layout.alpha is not None,
        orientation=orientation if 1 <= orientation <= 8 else 1,
    )


def decode(file: BoundedFile) -> Image.Image:
    """The pixels of the page: upright where Pillow decodes them, else as they are stored. Raises ImageRejected."""
    directory = read_directory(file)
    check_strips(file, directory)
    found = None if is_big_endian_bigtiff(file) else _by_pillow(file, directory)
    if found is None:
        return tiff_samples.decode(file, directory)
    image: Image.Image = found
    image.load()
    if image.mode == "P":
        _widen_color_map(image, directory.tags.get(tags.COLOR_MAP, ()))
    info = image.info
    if image.mode.startswith("I;16") and directory.tags.get(tags.PHOTOMETRIC) == (_MIN_IS_WHITE,):
        # Pillow inverts 8 bits by itself, but not 16.
        bits = 12 if directory.tags.get(tags.BITS) == (12,) else 16
        image = ImageChops.invert(eight_bit(image, bits))
    image.info = info
    return image


def _widen_color_map(image: Image.Image, levels: tuple[int, ...]) -> None:
    """Some writers give colors in 8 bits where 16 are due. As in libtiff, no level above 255 tells them."""
    if levels and max(levels) <= 255:
        colors = len(levels) // 3
        image.putpalette(bytes(levels[channel * colors + at] for at in range(colors) for channel in range(3)))


def _by_pillow(file: BoundedFile, directory: Directory) -> TiffImagePlugin.TiffImageFile | None:
    """The page as Pillow opens it; None if Pillow does not know its samples, or takes them for others."""
    depths = directory.tags.get(tags.BITS) or (1,)
    formats = directory.tags.get(tags.SAMPLE_FORMAT) or (_UNSIGNED,)
    numbers = set(formats) != {_UNSIGNED} or not {*depths} <= _BITS_OF_PILLOW
    if numbers or directory.first(tags.COMPRESSION, 1) in tiff_samples.LOGLUV:
        return None
    file.seek(0)
    try:
        image = TiffImagePlugin.TiffImageFile(cast(IO[bytes], file))
        image.seek(directory.number)
    except SyntaxError as error:
        if "unknown pixel mode" in str(error):
            return None
        raise
    return image
