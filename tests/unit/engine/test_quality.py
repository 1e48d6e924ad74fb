"""A quality is a number on the scale of one encoder's version: a new wheel that reads it otherwise fails here.

Then choose the numbers in core/formats.py again, by `./scripts/bench images`, and raise ENGINE_VERSION.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features
from PIL.JpegImagePlugin import JpegImageFile

from imageservice.core.formats import FORMATS
from imageservice.engine.encode import encode

CODECS = {"avif": "1.4", "webp": "1.6", "libjpeg_turbo": "3.2"}
SMALL, LARGER, LARGEST = (240, 360), (480, 720), (1200, 1800)
# Bytes and PSNR in dB, as measured with these: renditions of few pixels have a higher quality, and large WebPs.
MEASURED = {
    (SMALL, "avif"): (15_324, 35.5),
    (SMALL, "webp"): (22_082, 36.2),
    (SMALL, "jpeg"): (22_477, 34.0),
    (LARGER, "avif"): (46_083, 35.3),
    (LARGER, "webp"): (69_228, 36.8),
    (LARGER, "jpeg"): (73_139, 34.8),
    (LARGEST, "webp"): (476_442, 40.2),
}


@pytest.fixture(scope="module")
def photos(samples: Path) -> dict[tuple[int, int], Image.Image]:
    with Image.open(samples / "landscape-orientation6.jpg") as opened:
        whole = opened.convert("RGB")
    return {size: whole.resize(size, Image.Resampling.LANCZOS) for size in (SMALL, LARGER, LARGEST)}


def psnr(one: Image.Image, other: Image.Image) -> float:
    error = np.asarray(one, dtype=float) - np.asarray(other.convert("RGB"), dtype=float)
    return float(10 * np.log10(255**2 / np.mean(error**2)))


@pytest.mark.parametrize(("size", "name"), MEASURED)
def test_the_default_quality_means_what_was_measured(
    size: tuple[int, int], name: str, photos: dict[tuple[int, int], Image.Image]
) -> None:
    photo = photos[size]
    data = encode(photo, name, {})
    length, decibels = MEASURED[size, name]
    assert len(data) == pytest.approx(length, rel=0.02)
    assert psnr(photo, Image.open(BytesIO(data))) == pytest.approx(decibels, abs=0.3)


@pytest.mark.parametrize("codec", CODECS)
def test_the_codecs_are_those_that_were_measured(codec: str) -> None:
    version = features.version(codec)
    assert version is not None
    assert version.startswith(CODECS[codec])


def test_every_lossy_format_is_measured() -> None:
    lossy = {name for name, row in FORMATS.items() if row.quality is not None}
    assert {name for _, name in MEASURED} == lossy


def test_an_avif_keeps_the_full_resolution_of_colors(photos: dict[tuple[int, int], Image.Image]) -> None:
    """Its configuration box says so: bits 2 and 3 of the third byte are 0 for 4:4:4."""
    data = encode(photos[SMALL], "avif", {})
    assert data[data.index(b"av1C") + 6] & 0b1100 == 0


def test_a_small_rendition_has_a_higher_quality_unless_the_plan_says_which(
    photos: dict[tuple[int, int], Image.Image],
) -> None:
    """By the quantization of JPEG: the smaller its numbers, the higher the quality."""

    def steps(size: tuple[int, int], quality: dict[str, int]) -> list[int]:
        with Image.open(BytesIO(encode(photos[size], "jpeg", quality))) as opened:
            assert isinstance(opened, JpegImageFile)
            return list(opened.quantization[0])

    assert sum(steps(SMALL, {})) < sum(steps(LARGER, {}))
    assert steps(SMALL, {"jpeg": 82}) == steps(LARGER, {"jpeg": 82}) == steps(LARGER, {})
