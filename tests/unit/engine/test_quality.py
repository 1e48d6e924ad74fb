"""A quality is a number on the scale of one encoder's version: a new wheel that reads it otherwise fails here.

Then choose the numbers in core/formats.py again, by `./scripts/bench bytes`, and raise ENGINE_VERSION.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from imageservice.core.formats import FORMATS
from imageservice.engine.encode import encode

CODECS = {"avif": "1.4", "webp": "1.6", "libjpeg_turbo": "3.2"}
# Bytes and PSNR in dB, as measured with these.
MEASURED = {"avif": (12_164, 33.8), "webp": (19_044, 34.9), "jpeg": (19_894, 33.2)}


@pytest.fixture(scope="module")
def photo(samples: Path) -> Image.Image:
    with Image.open(samples / "landscape-orientation6.jpg") as opened:
        return opened.convert("RGB").resize((240, 360), Image.Resampling.LANCZOS)


def psnr(one: Image.Image, other: Image.Image) -> float:
    error = np.asarray(one, dtype=float) - np.asarray(other.convert("RGB"), dtype=float)
    return float(10 * np.log10(255**2 / np.mean(error**2)))


@pytest.mark.parametrize("name", MEASURED)
def test_the_default_quality_means_what_was_measured(name: str, photo: Image.Image) -> None:
    data = encode(photo, name, {})
    length, decibels = MEASURED[name]
    assert len(data) == pytest.approx(length, rel=0.02)
    assert psnr(photo, Image.open(BytesIO(data))) == pytest.approx(decibels, abs=0.3)


@pytest.mark.parametrize("codec", CODECS)
def test_the_codecs_are_those_that_were_measured(codec: str) -> None:
    version = features.version(codec)
    assert version is not None
    assert version.startswith(CODECS[codec])


def test_every_lossy_format_is_measured() -> None:
    lossy = {name for name, row in FORMATS.items() if row.quality is not None}
    assert set(MEASURED) == lossy


def test_an_avif_keeps_the_full_resolution_of_colors(photo: Image.Image) -> None:
    """Its configuration box says so: bits 2 and 3 of the third byte are 0 for 4:4:4."""
    data = encode(photo, "avif", {})
    assert data[data.index(b"av1C") + 6] & 0b1100 == 0
