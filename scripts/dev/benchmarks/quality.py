"""How close a rendition comes to the best possible: the image decoded in full, shrunk in linear light, unencoded."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps
from skimage.metrics import structural_similarity
from ssimulacra2 import compute_ssimulacra2

from imageservice.core.rendition_plan import Target
from imageservice.engine.pixels.geometry import crop_box
from imageservice.engine.pixels.resize import resize

Image.MAX_IMAGE_PIXELS = None


class Quality(NamedTuple):
    """SSIM of the luma (1 is the same), PSNR of the colors in dB, and SSIMULACRA2 where it was asked for."""

    ssim: float
    psnr: float
    ssimulacra2: float | None


@lru_cache(maxsize=1)
def _full(source: str) -> Image.Image:
    with Image.open(source) as opened:
        return ImageOps.exif_transpose(opened).convert("RGB")


@lru_cache(maxsize=8)
def _reference(source: str, width: int, height: int, cover: bool) -> Image.Image:
    image = _full(source)
    target = Target("x", width, height, "cover" if cover else "contain", "center")
    return resize(image, (width, height), crop_box(target, *image.size))


def quality(source: str, rendition: Path, cover: bool, by_eye: bool) -> Quality:
    with Image.open(rendition) as opened:
        image = opened.convert("RGB")
    best = _reference(source, *image.size, cover)
    ssim = structural_similarity(np.asarray(best.convert("L")), np.asarray(image.convert("L")))
    error = float(np.mean((np.asarray(best, dtype=float) - np.asarray(image, dtype=float)) ** 2))
    seen = ssimulacra2(best, image) if by_eye else None
    return Quality(float(ssim), 10 * float(np.log10(255**2 / max(error, 1e-9))), seen)


def ssimulacra2(reference: Image.Image, image: Image.Image) -> float:
    """What eyes see of the difference: 100 is none, 90 is none that is visible, 70 high quality, below 50 low.

    Source: https://github.com/cloudinary/ssimulacra2
    """
    with TemporaryDirectory() as folder:
        paths = [f"{folder}/{number}.png" for number in range(2)]
        for each, path in zip((reference, image), paths, strict=True):
            each.convert("RGB").save(path)
        return float(compute_ssimulacra2(*paths))
