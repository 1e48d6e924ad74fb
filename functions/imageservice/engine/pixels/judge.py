"""How close an encoded image is to the one that was encoded."""

from io import BytesIO

from PIL import Image

from imageservice.engine.pixels.alpha import on
from imageservice.engine.pixels.ssimulacra2 import Reference

# Of more pixels, four parts are judged: one of 1920 × 1440 whole would take 0.15 s a time, and 200 MB.
_MOST_PIXELS, _PART = 1_048_576, 512
# Encoders work on blocks of so many pixels: a part begins where they do.
_BLOCK = 64
# What is transparent is seen on dark and on light pages. The worse one counts, as in the original.
_BACKGROUNDS = ((26, 26, 26), (230, 230, 230))


class Judge:
    """Judges encodings of one image (L, LA, RGB or RGBA), or of its sample."""

    def __init__(self, image: Image.Image) -> None:
        transparent = image.mode in ("LA", "RGBA")
        self._backgrounds = _BACKGROUNDS if transparent else _BACKGROUNDS[:1]
        sample = sampled(image)
        self._references = [Reference(on(background, sample)) for background in self._backgrounds]

    def score(self, data: bytes) -> float:
        """SSIMULACRA2 of an encoding in AVIF, WebP or JPEG that is the engine's own."""
        with Image.open(BytesIO(data), formats=["AVIF", "WEBP", "JPEG"]) as opened:
            opened.load()
            sample = sampled(opened)
        return min(
            reference.score(on(background, sample))
            for reference, background in zip(self._references, self._backgrounds, strict=True)
        )


def sampled(image: Image.Image) -> Image.Image:
    """The image, or four parts of a large one, from the middle of each quarter, as one image."""
    if image.width * image.height <= _MOST_PIXELS:
        return image
    width, height = min(_PART, image.width // 2), min(_PART, image.height // 2)
    sample = Image.new(image.mode, (2 * width, 2 * height))
    for across in (0, 1):
        for down in (0, 1):
            left = _begin(image.width, width, across)
            top = _begin(image.height, height, down)
            sample.paste(image.crop((left, top, left + width, top + height)), (across * width, down * height))
    return sample


def _begin(whole: int, part: int, half: int) -> int:
    """Where a part in the middle of a half begins: at the beginning of a block."""
    begin = half * (whole // 2) + (whole // 2 - part) // 2
    return begin - begin % _BLOCK
