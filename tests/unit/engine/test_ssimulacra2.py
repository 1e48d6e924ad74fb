"""SSIMULACRA2 as the original computes it: scores of an implementation in double precision with the original's blur."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from imageservice.engine.pixels.ssimulacra2 import Reference

SIZES = {"tomatoes-12mp.jpg": (300, 450), "chart.png": (801, 307)}
PHOTO, CHART = SIZES


@pytest.fixture(scope="module")
def images(samples: Path) -> dict[str, Image.Image]:
    made = {}
    for name, size in SIZES.items():
        with Image.open(samples / name) as opened:
            made[name] = opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    return made


def coarse(image: Image.Image) -> Image.Image:
    return image.point(lambda level: level // 12 * 12 + 6)


def soft(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.BoxBlur(1))


def faded(image: Image.Image) -> Image.Image:
    luma, *chroma = image.convert("YCbCr").split()
    quarter = [
        plane.resize((plane.width // 4, plane.height // 4), Image.Resampling.BOX).resize(
            plane.size, Image.Resampling.BILINEAR
        )
        for plane in chroma
    ]
    return Image.merge("YCbCr", (luma, *quarter)).convert("RGB")


def gray(image: Image.Image) -> Image.Image:
    return image.convert("L")


@pytest.mark.parametrize(
    ("sample", "change", "score"),
    [
        (PHOTO, coarse, 71.30),
        (PHOTO, soft, 72.00),
        (PHOTO, faded, 84.37),
        (PHOTO, gray, -29.34),
        (CHART, coarse, 85.91),
        (CHART, soft, 35.78),
        (CHART, faded, 75.62),
        (CHART, gray, -11.70),
    ],
)
def test_the_score_is_that_of_the_original(
    sample: str,
    change: Callable[[Image.Image], Image.Image],
    score: float,
    images: dict[str, Image.Image],
) -> None:
    assert Reference(images[sample]).score(change(images[sample])) == pytest.approx(score, abs=0.05)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (8, 8), (33, 129), (450, 3)])
def test_an_image_of_any_size_scores_100_against_itself_and_less_against_another(
    size: tuple[int, int],
) -> None:
    image = Image.effect_noise(size, 60).convert("RGB")
    reference = Reference(image)
    assert reference.score(image) == 100
    assert reference.score(image.point(lambda level: level // 2)) < 90


def test_a_flat_image_has_a_score() -> None:
    flat = Image.new("L", (300, 200), 128)
    assert Reference(flat).score(flat) == 100
    assert Reference(flat).score(Image.new("L", (300, 200), 129)) > 80
    assert Reference(flat).score(Image.new("L", (300, 200), 0)) < 0
