"""Whether pixels are transparent, which an alpha channel alone does not say: most are opaque throughout."""

from PIL import Image

from imageservice.engine.pixels.bit_depth import BAND_PIXELS

_OPAQUE = 255
_WHITE = (255, 255, 255)
_WITHOUT = {"LA": "L", "RGBA": "RGB"}


def is_transparent(image: Image.Image) -> bool:
    """Whether any pixel of an image of 8 bits a channel is less than opaque. Needs memory for a band of rows."""
    if image.mode not in _WITHOUT:
        return False
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        # The type covers images of several channels too.
        # A single channel has one pair; the type covers images of several bands too.
        if band.getchannel("A").getextrema()[0] < _OPAQUE:  # type: ignore[operator]
            return True
    return False


def without_alpha(image: Image.Image) -> Image.Image:
    """The image without its alpha channel: the colors as they are, also where they were transparent."""
    return image.convert(_WITHOUT[image.mode]) if image.mode in _WITHOUT else image


def flattened(image: Image.Image) -> Image.Image:
    """The image on white, without alpha."""
    return on(_WHITE, image)


def on(color: tuple[int, int, int], image: Image.Image) -> Image.Image:
    """The image on a color, without alpha."""
    if image.mode not in _WITHOUT:
        return image
    image = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, color)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas
