"""One image as the bytes of one format. The settings are measured: docs/decisions.md."""

import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageStat

from imageservice.core.formats import FORMATS
from imageservice.engine.pixels.content import has_colored_edges, is_flat

# Above this many pixels, AVIF gets the fastest setting, so that no rendition takes a minute.
_LARGE, _LARGE_SPEED = 8_000_000, 9
SETTINGS: dict[str, dict[str, Any]] = {
    "avif": {"speed": 6, "subsampling": "4:2:0", "max_threads": 1},
    "webp": {"method": 2},
    "jpeg": {"progressive": True, "optimize": True, "subsampling": "4:2:0"},
    "png": {"optimize": False},
    "gif": {},
}
_WHITE = (255, 255, 255)
_PALETTE, _PALETTE_CHANGE = 256, 2.5
_ALL_BUT_OPAQUE, _ALL_BUT_CLEAR = 248, 7


def encode(image: Image.Image, format: str, quality: Mapping[str, int]) -> bytes:
    """`image` (L, LA, RGB or RGBA in sRGB) in `format`, with nothing but pixels in it.

    What is drawn is also tried as a lossless WebP, or as a PNG with a palette; the smaller one is kept.
    """
    options = dict(SETTINGS[format])
    row = FORMATS[format]
    if row.quality is not None:
        options["quality"] = quality.get(format, row.quality)
    if format == "avif" and image.width * image.height > _LARGE:
        options["speed"] = _LARGE_SPEED
    if not row.alpha:
        image = flattened(image)
    image = clean(image)
    if format in ("avif", "jpeg") and has_colored_edges(image):
        options["subsampling"] = "4:4:4"
    encoded = _save(image, format, options)
    if format in ("webp", "png") and is_flat(image):
        other = _lossless_webp(image) if format == "webp" else _palette_png(image)
        return min(encoded, other, key=len) if other else encoded
    return encoded


def _save(image: Image.Image, format: str, options: Mapping[str, Any]) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format.upper(), **options)
    return buffer.getvalue()


def _lossless_webp(image: Image.Image) -> bytes:
    """Smaller than a lossy one where there are large areas of one color, and free of its ringing around edges."""
    return _save(image, "webp", {"lossless": True, "quality": 50, "method": 4})


def _palette_png(image: Image.Image) -> bytes | None:
    """The image in at most 256 colors: exactly, or where that changes it by at most 2.5 levels (root mean square)."""
    if image.mode not in ("RGB", "RGBA"):
        return None
    exact = _indexed(image)
    if exact is not None:
        return _save(exact, "png", {"optimize": True})
    method = Image.Quantize.FASTOCTREE if image.mode == "RGBA" else Image.Quantize.MEDIANCUT
    indexed = image.quantize(_PALETTE, method, dither=Image.Dither.NONE)
    if image.mode == "RGBA":
        _snap_alpha(indexed)
    change = ImageStat.Stat(ImageChops.difference(indexed.convert(image.mode), image)).rms
    return _save(indexed, "png", {"optimize": True}) if max(change) <= _PALETTE_CHANGE else None


def _indexed(image: Image.Image) -> Image.Image | None:
    """The image with a palette of just its colors, which Pillow's quantizers merge; None where they are over 256."""
    counted = image.getcolors(_PALETTE)
    if counted is None:
        return None
    # The modes here have several bands, so a color is a tuple.
    colors: list[tuple[int, ...]] = sorted(color for _, color in counted)  # type: ignore[misc]
    numbers = {
        int.from_bytes(bytes((*color, 255)[:4]), sys.byteorder): index for index, color in enumerate(colors)
    }
    pixels = memoryview(image.convert("RGBA").tobytes()).cast("I")
    indexed = Image.frombytes("P", image.size, bytes(map(numbers.__getitem__, pixels)))
    indexed.putpalette([level for color in colors for level in color], image.mode)
    return indexed


def _snap_alpha(indexed: Image.Image) -> None:
    """Makes nearly opaque pixels opaque, and nearly clear ones clear: the quantizer mixes edges into both."""
    palette = bytearray(indexed.getpalette("RGBA") or b"")
    for at in range(3, len(palette), 4):
        palette[at] = (
            255 if palette[at] >= _ALL_BUT_OPAQUE else 0 if palette[at] <= _ALL_BUT_CLEAR else palette[at]
        )
    indexed.putpalette(palette, "RGBA")


def flattened(image: Image.Image) -> Image.Image:
    """The image on white, without alpha."""
    if image.mode not in ("LA", "RGBA"):
        return image
    image = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, _WHITE)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def clean(image: Image.Image) -> Image.Image:
    """The image without what Pillow would write beside the pixels: EXIF, XMP, ICC profiles, comments, resolutions."""
    bare = image.copy() if image.info else image
    bare.info = {}
    return bare
