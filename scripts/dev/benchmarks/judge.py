"""How close a rendition comes to the best possible: all of the image, in sRGB, shrunk in linear light, not encoded.

Of large renditions a part in the middle is judged: SSIMULACRA2 takes ten seconds for one of 1920.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pillow_heif
from PIL import Image, ImageOps
from skimage.metrics import structural_similarity
from ssimulacra2 import compute_ssimulacra2

from imageservice.core.rendition_plan import Target
from imageservice.engine.pixels.alpha import flattened
from imageservice.engine.pixels.color import to_srgb
from imageservice.engine.pixels.geometry import crop_box
from imageservice.engine.pixels.resize import resize

Image.MAX_IMAGE_PIXELS = None
pillow_heif.register_heif_opener()
_PART = 512
_LEAST_SIDE = 256
_MOMENTS = (0.1, 0.5, 0.9)
# libjxl's own; Debian has it in the package libjxl-devtools.
_BUTTERAUGLI = "butteraugli_main"


class Quality(NamedTuple):
    """SSIM of the luma (1 is the same), SSIMULACRA2, and Butteraugli's 3-norm (0 is the same); of moving images, means.

    SSIMULACRA2: 100 is the same, 90 has no visible difference, 70 is of high quality, below 50 is low.
    Butteraugli: below 1 no difference is visible. None where its program is not installed.
    Sources: https://github.com/cloudinary/ssimulacra2, https://github.com/libjxl/libjxl
    """

    ssim: float | None
    ssimulacra2: float | None
    butteraugli: float | None


def judged(source: Path, rendition: Path, cover: bool) -> Quality:
    """The quality of a rendition's file; `cover` if it is cropped."""
    with Image.open(rendition) as opened:
        moving = getattr(opened, "n_frames", 1) > 1
    found = []
    for moment in _MOMENTS if moving else (0.0,):
        image = _shown(rendition, moment)
        reference = _reference(source, image.size, cover, moment)
        found.append(compared(_part(reference), _part(image)))
    return Quality(*(_mean(values) for values in zip(*found, strict=True)))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def compared(reference: Image.Image, image: Image.Image) -> Quality:
    """Of two images of one size, on white."""
    one, other = (flattened(each).convert("RGB") for each in (reference, image))
    ssim = structural_similarity(np.asarray(one.convert("L")), np.asarray(other.convert("L")))
    with TemporaryDirectory() as folder:
        paths = _saved(folder, one, other)
        return Quality(float(ssim), _ssimulacra2(*paths), _butteraugli(*paths))


def ssimulacra2(reference: Image.Image, image: Image.Image) -> float:
    """SSIMULACRA2 alone."""
    one, other = (_part(flattened(each).convert("RGB")) for each in (reference, image))
    with TemporaryDirectory() as folder:
        return _ssimulacra2(*_saved(folder, one, other))


def _ssimulacra2(*paths: str) -> float:
    return float(compute_ssimulacra2(*paths))


def _saved(folder: str, *images: Image.Image) -> list[str]:
    paths = [f"{folder}/{number}.png" for number in range(len(images))]
    for each, path in zip(images, paths, strict=True):
        _mirrored(each).save(path, compress_level=1)
    return paths


def _mirrored(image: Image.Image) -> Image.Image:
    """At least as large as SSIMULACRA2 needs: its six scales end where a side has fewer than 8 pixels, and with fewer
    scales the package gives each the weights of another one."""
    missing = [max(0, _LEAST_SIDE - side) for side in (image.height, image.width)]
    if not any(missing):
        return image
    pixels = np.asarray(image)
    return Image.fromarray(np.pad(pixels, [(0, missing[0]), (0, missing[1]), (0, 0)], "symmetric"))


def unencoded(source: Path, width: int) -> Image.Image:
    """The best possible rendition of a still image, without alpha."""
    whole = _whole(source, 0.0)
    return flattened(_reference(source, (width, round(whole.height * width / whole.width)), False, 0.0))


def _butteraugli(*paths: str) -> float | None:
    if not shutil.which(_BUTTERAUGLI):
        return None
    answer = subprocess.run([_BUTTERAUGLI, *paths], capture_output=True, text=True, check=True).stdout
    found = re.search(r"3-norm: ([\d.]+)", answer)
    assert found is not None, f"{_BUTTERAUGLI} says {answer!r}"
    return float(found[1])


def _part(image: Image.Image) -> Image.Image:
    width, height = min(image.width, _PART), min(image.height, _PART)
    if image.width * image.height <= _PART * _PART * 2:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _shown(file: Path, moment: float) -> Image.Image:
    """What an image shows at a moment, 0 to 1 of its frames' time: encoders merge frames that are alike."""
    with Image.open(file) as opened:
        durations = []
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            opened.load()
            durations.append(opened.info.get("duration", 0))
        ends = np.cumsum(durations)
        opened.seek(int(np.searchsorted(ends, moment * ends[-1], side="right")) % len(durations))
        profile = opened.info.get("icc_profile")
        image = ImageOps.exif_transpose(opened)
        if image.mode not in ("L", "RGB", "RGBA", "CMYK"):
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        return to_srgb(image, profile)


@lru_cache(maxsize=3)
def _whole(source: Path, moment: float) -> Image.Image:
    return _shown(source, moment)


@lru_cache(maxsize=8)
def _reference(source: Path, size: tuple[int, int], cover: bool, moment: float) -> Image.Image:
    image = _whole(source, moment)
    target = Target("x", *size, "cover" if cover else "contain", "center")
    return resize(image, size, crop_box(target, *image.size))
