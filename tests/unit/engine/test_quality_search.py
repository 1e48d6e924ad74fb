"""A target for quality: renditions of few bytes that reach it, and what happens where none can."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest
from PIL import Image

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Sought, Target
from imageservice.engine.encode import encode
from imageservice.engine.pixels.judge import Judge, sampled
from imageservice.engine.quality_search import MOST_QUALITY, encode_to_target, search
from imageservice.engine.render import render

FOREVER = 1e9


def never() -> bool:
    return False


def line(at_50: float, step: float) -> Callable[[int], float]:
    return lambda quality: at_50 + (quality - 50) * step


@pytest.fixture(scope="module")
def photo(samples: Path) -> Image.Image:
    with Image.open(samples / "landscape-orientation6.jpg") as opened:
        return opened.convert("RGB").resize((180, 270), Image.Resampling.LANCZOS)


def of_file(image: Image.Image, format: str = "png") -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **({"quality": 100} if format == "jpeg" else {}))
    return buffer.getvalue()


@pytest.mark.parametrize(("at_50", "step"), [(60, 0.5), (75, 0.3), (40, 1.0), (77.9, 0.01), (70, 0.2)])
@pytest.mark.parametrize("first", [30, 62, 84, 95])
def test_the_least_quality_within_a_point_of_the_target_is_found(
    at_50: float, step: float, first: int
) -> None:
    score = line(at_50, step)
    found = search(score, first, 78, never)
    assert found.outcome == "reached"
    assert score(found.quality) >= 78
    assert score(found.quality) < 79 or score(found.quality - 1) < 78


def test_where_a_scale_jumps_the_step_beyond_it_is_taken() -> None:
    assert search(lambda quality: 70 if quality < 88 else 85, 62, 78, never) == (88, "reached")


def test_what_is_good_at_every_quality_gets_the_least() -> None:
    assert search(lambda _: 100, 62, 78, never) == (30, "reached")


def test_a_target_out_of_reach_gets_the_least_quality_within_a_point_of_the_highest() -> None:
    found = search(line(50, 0.2), 62, 78, never)
    assert found.outcome == "nearest"
    assert line(50, 0.2)(found.quality) >= line(50, 0.2)(MOST_QUALITY) - 1
    assert found.quality < MOST_QUALITY


def test_at_most_seven_qualities_are_tried() -> None:
    tried: list[int] = []

    def score(quality: int) -> float:
        tried.append(quality)
        return 77.99 if quality < 93 else 200 + quality

    search(score, 30, 78, never)
    assert len(tried) <= 7
    assert len(set(tried)) == len(tried)


def test_when_the_time_is_up_the_best_that_reaches_the_target_is_kept() -> None:
    over: Iterator[int] = count()
    assert search(lambda quality: quality + 28, 62, 78, lambda: next(over) >= 1) == (62, "reached")
    over = count()
    assert search(lambda quality: 80 + quality / 6, 62, 78, lambda: next(over) >= 1) == (38, "reached")


def test_when_the_time_is_up_and_nothing_reached_it_the_default_is_kept() -> None:
    assert search(line(50, 0.3), 62, 78, lambda: True) == (62, "out_of_time")


@pytest.mark.parametrize("format", ["avif", "webp", "jpeg"])
@pytest.mark.parametrize("target", [60, 80])
def test_a_rendition_has_the_score_that_its_receipt_says(
    format: str, target: int, photo: Image.Image
) -> None:
    data, receipt = encode_to_target(photo, format, target, FOREVER)
    assert receipt["outcome"] == "reached"
    assert target <= receipt["score"]
    less = encode(photo, format, {format: receipt["quality"] - 1})
    assert receipt["score"] < target + 1 or Judge(photo).score(less) < target
    assert Judge(photo).score(data) == pytest.approx(receipt["score"], abs=0.11)
    assert data == encode(photo, format, {format: receipt["quality"]})


def test_without_time_a_rendition_is_that_of_the_default_quality_and_says_so(photo: Image.Image) -> None:
    data, receipt = encode_to_target(photo, "jpeg", 95, -1)
    assert data == encode(photo, "jpeg", {})
    assert (receipt["outcome"], receipt["quality"]) == ("out_of_time", 84)
    assert receipt["score"] < 95


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (40, 40)])
@pytest.mark.parametrize("format", ["avif", "webp", "jpeg"])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_flat_tiny_and_transparent_images_have_a_receipt(
    size: tuple[int, int], format: str, mode: str
) -> None:
    flat = Image.new(mode, size, (90, 140, 20, 0)[-len(mode) :])
    data, receipt = encode_to_target(flat, format, 78, FOREVER)
    assert Image.open(BytesIO(data)).size == size
    assert receipt["outcome"] == "reached"
    assert receipt["score"] >= 78


def test_of_a_transparent_image_the_worse_of_two_backgrounds_counts() -> None:
    """On the light one, the light image hardly differs from its absence."""
    light = Image.new("RGBA", (64, 64), (240, 240, 240, 255))
    gone = of_file(Image.new("RGBA", (64, 64), (240, 240, 240, 0)), "webp")
    assert Judge(light).score(gone) < 0


def test_a_drawn_image_that_is_smaller_without_loss_is_kept_so() -> None:
    drawn = Image.new("RGB", (200, 200), "white")
    drawn.paste((200, 0, 0), (50, 50, 150, 150))
    data, receipt = encode_to_target(drawn, "webp", 78, FOREVER)
    assert b"VP8L" in data[:16]
    assert "quality" not in receipt
    assert receipt["score"] == 100


def test_of_a_large_image_four_parts_are_judged() -> None:
    assert sampled(Image.new("RGB", (1024, 1024))).size == (1024, 1024)
    assert sampled(Image.new("RGB", (4000, 3000))).size == (1024, 1024)
    assert sampled(Image.new("L", (16383, 70))).size == (1024, 70)
    quarters = Image.new("L", (2000, 2000))
    for number, corner in enumerate([(0, 0), (1000, 0), (0, 1000), (1000, 1000)]):
        quarters.paste(50 * (number + 1), (*corner, corner[0] + 1000, corner[1] + 1000))
    sample = sampled(quarters)
    assert [sample.getpixel(at) for at in [(9, 9), (1000, 9), (9, 1000), (1000, 1000)]] == [50, 100, 150, 200]


def test_a_render_finds_the_quality_of_those_formats_that_have_a_target(photo: Image.Image) -> None:
    target = Target("w90", 90, 135, "contain", "center")
    made = render(
        of_file(photo),
        target,
        ("avif", "webp", "fallback"),
        Limits(),
        {"avif": Sought(target=70), "webp": 60},
    )
    avif, webp, jpeg = made.images
    assert avif.search is not None
    assert avif.search["score"] >= 70
    assert (webp.search, jpeg.search) == (None, None)
    fixed = render(of_file(photo), target, ("webp",), Limits(), {"webp": 60})
    assert webp.data == fixed.images[0].data


def test_a_moving_image_has_the_default_quality_and_no_receipt() -> None:
    frames = [Image.effect_noise((32, 32), 50 + number).convert("RGB") for number in range(3)]
    buffer = BytesIO()
    frames[0].save(buffer, "webp", save_all=True, append_images=frames[1:], duration=50, quality=100)
    target = Target("w32", 32, 32, "contain", "center")
    sought = render(buffer.getvalue(), target, ("webp",), Limits(), {"webp": Sought(target=60)}).images[0]
    assert sought.search is None
    assert sought.data == render(buffer.getvalue(), target, ("webp",), Limits()).images[0].data


def test_a_rendition_that_may_be_no_larger_than_the_original_says_so(photo: Image.Image) -> None:
    buffer = BytesIO()
    photo.save(buffer, "jpeg", quality=40)
    target = Target("own", *photo.size, "contain", "center")
    made = render(buffer.getvalue(), target, ("fallback",), Limits(), {"jpeg": Sought(target=90)}).images[0]
    assert len(made.data) <= len(buffer.getvalue())
    assert made.search == {"target": 90, "outcome": "original"}


def test_a_plan_without_a_target_does_not_load_the_search() -> None:
    """In a process of its own, because others of this one have loaded it."""
    code = (
        "import sys; from resize import handler; from imageservice.engine import render;"
        " print([name for name in sys.modules if 'search' in name or 'ssimulacra2' in name])"
    )
    functions = str(Path(__file__).parents[3] / "functions")
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": functions},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "[]"
