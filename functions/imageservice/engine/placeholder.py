"""What a page shows until the image is loaded: a tiny preview and one color."""

from base64 import b64encode
from io import BytesIO

from PIL import Image

from imageservice.engine.pixels.alpha import flattened

MAX_URI = 400
_SIDES = (32, 28, 24, 20, 16, 12, 8)
_QUALITIES = (70, 50, 30)
_SEEN = 128


def placeholder(image: Image.Image) -> str:
    """The image as a WebP in a data URI of at most 400 characters, to be drawn enlarged and blurred."""
    for side in _SIDES:
        small = image.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        small.info = {}
        for quality in _QUALITIES:
            buffer = BytesIO()
            small.save(buffer, "WEBP", quality=quality, method=6, alpha_quality=40)
            uri = "data:image/webp;base64," + b64encode(buffer.getvalue()).decode()
            if len(uri) <= MAX_URI:
                return uri
    raise AssertionError("an 8 × 8 WebP has less than 300 bytes")


def dominant_color(image: Image.Image) -> str:
    """The color that covers most of the visible part of the image, as "#rrggbb"."""
    small = image.copy()
    small.thumbnail((64, 64))
    seen = (
        small.getchannel("A").point(lambda alpha: 255 if alpha >= _SEEN else 0) if _has_alpha(small) else None
    )
    palette = flattened(small).convert("RGB").quantize(8, Image.Quantize.MEDIANCUT)
    counts = palette.histogram(seen)
    most = 3 * counts.index(max(counts))
    red, green, blue = (palette.getpalette() or [0, 0, 0])[most : most + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("LA", "RGBA")
