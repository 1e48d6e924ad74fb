"""An image in colors that compress well without loss, and that no eye tells from its own.

Source: libwebp's near_lossless_enc.c, which Pillow does not offer. https://developers.google.com/speed/webp
"""

from PIL import Image

from imageservice.engine.pixels.content import detail

# The last bits of a number that are rounded away, at most: so no channel is off by more than 4 levels.
_BITS = 3


def simplified(image: Image.Image) -> Image.Image:
    """The image (L, LA, RGB or RGBA) with fewer different numbers, none off by more than 4 levels.

    Only where there is detail: pixels that are like their neighbors stay, so that gradients show no bands.
    """
    for bits in range(_BITS, 0, -1):
        rounded = image.point(_rounding(bits) * len(image.getbands()))
        image = Image.composite(rounded, image, detail(image, 1 << bits))
    return image


def _rounding(bits: int) -> list[int]:
    """Each level's nearest multiple of 2 ** `bits`, to even ones where two are as near; 255 where that is beyond."""
    mask = (1 << bits) - 1
    biased = [level + (mask >> 1) + (level >> bits & 1) for level in range(256)]
    return [255 if level > 255 else level & ~mask for level in biased]
