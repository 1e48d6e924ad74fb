"""Pixels of any kind in 8 bits a channel, without clipping to white."""

from collections.abc import Callable

from PIL import Image

BAND_PIXELS = 4_000_000
"""How many pixels are worked on at a time, so that nothing large is held twice."""

_FROM_16 = [(value * 255 + 32767) // 65535 for value in range(65536)]
_FROM_12 = [min(255, (value * 255 + 2047) // 4095) for value in range(65536)]


def eight_bit(image: Image.Image, bits: int = 16) -> Image.Image:
    """The image in L, LA, RGB, RGBA, CMYK or LAB: palettes and transparent colors resolved, numbers scaled.

    `bits` is how many of a 16-bit sample's bits are used.
    """
    mode = image.mode
    clear = image.info.get("transparency")
    if mode == "P":
        return image.convert("RGB" if clear is None else "RGBA")
    if mode.startswith("I;16"):
        return _from_16_bits(image, _FROM_12 if bits == 12 else _FROM_16, clear)
    if mode in ("1", "L", "RGB") and clear is not None:
        return image.convert("RGBA" if mode == "RGB" else "LA")
    target = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "YCbCr": "RGB", "HSV": "RGB", "RGBX": "RGB"}
    return image.convert(target[mode]) if mode in target else image


def banded(
    image: Image.Image, mode: str, size: tuple[int, int], rows: int, work: Callable[[int, int], Image.Image]
) -> Image.Image:
    """A new image of `mode` and `size`, put together from `work(top, bottom)` over `rows` rows of `image` at a time."""
    result = Image.new(mode, size)
    at = 0
    for top in range(0, image.height, rows):
        band = work(top, min(top + rows, image.height))
        result.paste(band, (0, at))
        at += band.height
    return result


def _from_16_bits(image: Image.Image, table: list[int], clear: object) -> Image.Image:
    rows = max(1, BAND_PIXELS // image.width)

    def part(top: int, bottom: int) -> Image.Image:
        numbers = image.crop((0, top, image.width, bottom)).convert("I")
        gray = numbers.point(table, "L")
        if isinstance(clear, int):
            gray.putalpha(numbers.point([0 if value == clear else 255 for value in range(65536)], "L"))
        return gray

    return banded(image, "LA" if isinstance(clear, int) else "L", image.size, rows, part)
