"""One image as the bytes of one format. The settings are measured: docs/decisions.md."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image

from imageservice.core.formats import FORMATS

# Above so many pixels AVIF gets the fastest setting, so that no rendition takes a minute.
_LARGE, _LARGE_SPEED = 8_000_000, 9
SETTINGS: dict[str, dict[str, Any]] = {
    "avif": {"speed": 6, "subsampling": "4:2:0", "max_threads": 1},
    "webp": {"method": 2},
    "jpeg": {"progressive": True, "optimize": True, "subsampling": "4:2:0"},
    "png": {"optimize": False},
    "gif": {},
}
_WHITE = (255, 255, 255)


def encode(image: Image.Image, format: str, quality: Mapping[str, int]) -> bytes:
    """`image` (L, LA, RGB or RGBA in sRGB) in `format`, with nothing but pixels in it."""
    options = dict(SETTINGS[format])
    row = FORMATS[format]
    if row.quality is not None:
        options["quality"] = quality.get(format, row.quality)
    if format == "avif" and image.width * image.height > _LARGE:
        options["speed"] = _LARGE_SPEED
    if not row.alpha:
        image = flattened(image)
    image = clean(image)
    buffer = BytesIO()
    image.save(buffer, format.upper(), **options)
    return buffer.getvalue()


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
