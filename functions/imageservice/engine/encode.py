"""One image as the bytes of one format. The settings are measured: docs/decisions.md."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image

from imageservice.core.formats import FORMATS
from imageservice.engine.pixels.content import faded_share, is_flat
from imageservice.engine.pixels.palette import indexed

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
# Colors get their full resolution, 4:4:4, where more than this share of them would fade. AVIF pays 1 to 28 % of its
# bytes for that, JPEG 17 to 85 %.
_FADED_AT_MOST = {"avif": 0.0005, "jpeg": 0.003}


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
    if format in _FADED_AT_MOST and faded_share(flattened(image)) > _FADED_AT_MOST[format]:
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
    few = indexed(image)
    return _save(few, "png", {"optimize": True}) if few is not None else None


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
