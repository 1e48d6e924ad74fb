"""What a page shows until the image is there: a tiny preview and one colour."""

from base64 import b64encode
from io import BytesIO

from PIL import Image

from imageservice.engine.encode import flattened

MAX_URI = 400
_SIDES = (20, 16, 12, 8)


def placeholder(image: Image.Image) -> str:
    """The image as a WebP in a data URI of at most 400 characters, to be drawn enlarged and blurred."""
    for side in _SIDES:
        small = image.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        small.info = {}
        for quality in (60, 40, 20):
            buffer = BytesIO()
            small.save(buffer, "WEBP", quality=quality, method=6, alpha_quality=40)
            uri = "data:image/webp;base64," + b64encode(buffer.getvalue()).decode()
            if len(uri) <= MAX_URI:
                return uri
    raise AssertionError("an 8 × 8 WebP has less than 300 bytes")


def dominant_colour(image: Image.Image) -> str:
    """The colour that covers most of the image, as "#rrggbb"."""
    small = flattened(image).convert("RGB")
    small.thumbnail((64, 64))
    palette = small.quantize(8, Image.Quantize.MEDIANCUT)
    counts = palette.histogram()
    most = 3 * counts.index(max(counts))
    red, green, blue = (palette.getpalette() or [0, 0, 0])[most : most + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"
