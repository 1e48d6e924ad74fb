"""How close a rendition comes to the best possible: the image decoded in full and shrunk by Lanczos, unencoded."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps
from skimage.metrics import structural_similarity
from ssimulacra2 import compute_ssimulacra2

Image.MAX_IMAGE_PIXELS = None


class Quality(NamedTuple):
    """SSIM of the luma (1 is the same) and PSNR of the colors in dB."""

    ssim: float
    psnr: float


@lru_cache(maxsize=1)
def _full(source: str) -> Image.Image:
    with Image.open(source) as opened:
        return ImageOps.exif_transpose(opened).convert("RGB")


@lru_cache(maxsize=8)
def _reference(source: str, width: int, height: int, cover: bool) -> Image.Image:
    image = _full(source)
    if cover:
        return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def quality(source: str, rendition: Path, cover: bool) -> Quality:
    with Image.open(rendition) as opened:
        image = opened.convert("RGB")
    best = _reference(source, *image.size, cover)
    ssim = structural_similarity(np.asarray(best.convert("L")), np.asarray(image.convert("L")))
    error = float(np.mean((np.asarray(best, dtype=float) - np.asarray(image, dtype=float)) ** 2))
    return Quality(float(ssim), 10 * float(np.log10(255**2 / max(error, 1e-9))))


def ssimulacra2(reference: Image.Image, image: Image.Image) -> float:
    """What eyes see of the difference: 100 is none, 90 is none that is visible, 70 high quality, below 50 low.

    Source: https://github.com/cloudinary/ssimulacra2
    """
    with TemporaryDirectory() as folder:
        paths = [f"{folder}/{number}.png" for number in range(2)]
        for each, path in zip((reference, image), paths, strict=True):
            each.convert("RGB").save(path)
        return float(compute_ssimulacra2(*paths))
