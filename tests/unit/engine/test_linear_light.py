"""Shrinking keeps an image's light, in every mode, with alpha, under a profile, moving or still."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from engine_scenes import Compare, Render, encoded, in_linear_light, scene
from PIL import Image, ImageDraw, ImageFont, ImageSequence, ImageStat

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Light, Target
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.decode import decode_still
from imageservice.engine.inspection import read_header
from imageservice.engine.pixels.icc_profile import SRGB, from_gamma
from imageservice.engine.pixels.resize import resize
from imageservice.engine.render import render

MIDDLE = {"linear": 188, "gamma": 128}
each_light = pytest.mark.parametrize("light", ["linear", "gamma"])


def checker(side: int = 240, low: int = 0, high: int = 255) -> Image.Image:
    """Black and white pixels in turn."""
    cells = np.indices((side, side)).sum(0) % 2
    return Image.fromarray(np.where(cells, high, low).astype(np.uint8))


def mean_light(image: Image.Image) -> float:
    numbers = np.asarray(image.convert("RGB")) / 255
    return float(np.where(numbers <= 0.04045, numbers / 12.92, ((numbers + 0.055) / 1.055) ** 2.4).mean())


def levels(image: Image.Image) -> tuple[float, float]:
    """The mean and the standard deviation of the middle of the image."""
    width, height = image.size
    middle = image.convert("L").crop((width // 4, height // 4, width - width // 4, height - height // 4))
    return ImageStat.Stat(middle).mean[0], ImageStat.Stat(middle).stddev[0]


@each_light
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("side", [100, 60, 17])
def test_a_checker_becomes_the_gray_of_its_light(mode: str, side: int, light: Light) -> None:
    drawn = checker().convert("RGB").convert(mode)
    shrunk = resize(drawn, (side, side), (0.0, 0.0, 240.0, 240.0), light)
    assert shrunk.mode == mode
    mean, deviation = levels(shrunk.convert("RGB"))
    assert abs(mean - MIDDLE[light]) <= 3
    assert deviation <= 3


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"])
def test_a_checker_in_any_container_keeps_its_light(format: str, rendered: Render) -> None:
    options = {"JPEG": {"quality": 100, "subsampling": "4:4:4"}, "WEBP": {"lossless": True}}.get(format, {})
    data = encoded(checker().convert("RGB"), format, **options)
    assert abs(levels(rendered(data, (90, 90)))[0] - 188) <= 3


def test_the_checker_and_the_stars_keep_their_light_at_every_width(samples: Path, rendered: Render) -> None:
    for name in ("checker", "stars"):
        data = (samples / f"cases/{name}.png").read_bytes()
        with Image.open(BytesIO(data)) as original:
            light, (width, height) = mean_light(original), original.size
        for narrower in (640, 320, 160):
            shrunk = rendered(data, (narrower, round(height * narrower / width)))
            assert mean_light(shrunk) == pytest.approx(light, rel=0.2)


@pytest.mark.parametrize("gamma", [1 / 2.6, 1 / 2.2, 1 / 1.8, 1.0, 2.2])
def test_the_profile_says_how_much_light_a_number_is(gamma: float, rendered: Render) -> None:
    """In linear numbers the mean of 0 and 255 is half the light, whatever the curve."""
    data = encoded(checker(), "PNG", icc_profile=from_gamma(gamma, SRGB, gray=True))
    assert abs(levels(rendered(data, (90, 90)))[0] - 188) <= 3


@pytest.mark.parametrize("size", [(11, 97), (64, 33), (95, 64), (96, 64), (1, 1)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
def test_every_size_and_part_is_what_the_definition_gives(
    mode: str, size: tuple[int, int], alike: Compare
) -> None:
    image = scene(mode, (97, 131))
    for box in ((0.0, 0.0, 97.0, 131.0), (3.3, 20.25, 80.7, 131.0)):
        expected = in_linear_light(image, size, box)
        alike(resize(image, size, box).convert("RGBA"), expected, 0.6)  # measured: 0.25, rounding


def test_no_color_bleeds_out_of_transparent_pixels() -> None:
    image = Image.new("RGBA", (90, 90), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (45, 0, 90, 90))
    shrunk = resize(image, (20, 20), (0.0, 0.0, 90.0, 90.0))
    reds = [pixel[0] for pixel in shrunk.get_flattened_data() if pixel[3] > 0]  # type: ignore[index]
    assert max(reds) <= 1


@each_light
def test_every_frame_of_an_animation_keeps_its_light(light: Light) -> None:
    frames = [checker(), checker(low=120)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=90)
    made = render(data, Target("x", 90, 90, "contain", "center"), ["webp"], Limits(), light=light)
    with Image.open(BytesIO(made.images[0].data)) as moving:
        means = [levels(frame)[0] for frame in ImageSequence.Iterator(moving)]
    assert means == pytest.approx([188, 202] if light == "linear" else [128, 187], abs=4)


def test_a_gradient_and_its_extremes_survive() -> None:
    """Rounding in linear light must not merge dark levels, nor leave black and white."""
    ramp = Image.linear_gradient("L").resize((256, 512), Image.Resampling.NEAREST)
    shrunk = resize(ramp, (64, 256), (0.0, 0.0, 256.0, 512.0))
    column = [shrunk.getpixel((30, row)) for row in range(256)]
    assert column == sorted(column)  # type: ignore[type-var]
    assert column[0] == 0
    assert column[-1] == 255
    assert max(abs(value - row) for row, value in enumerate(column)) <= 1  # type: ignore[operator]


@pytest.mark.parametrize(
    ("width", "light", "divisor", "height"),
    [
        (40, "linear", 2, 1400),
        (400, "linear", 2, 1400),
        (401, "linear", 1, 1400),
        (40, "linear", 1, 1000),
        (40, "gamma", 8, 1000),
        (700, "gamma", 4, 1400),
    ],
)
def test_the_jpeg_decoder_halves_large_photos_alone_and_leaves_four_times_the_target(
    width: int, light: Light, divisor: int, height: int
) -> None:
    """Its own scaling mixes numbers, not light: to a quarter, it costs 5 points of SSIMULACRA2."""
    data = encoded(Image.new("RGB", (3200, height)), "JPEG")
    file = BoundedFile(BytesIO(data), len(data), Limits())
    target = Target("x", width, width * height // 3200, "contain", "center")
    assert decode_still(file, read_header(file), target, light).scale == divisor


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_large_jpeg_of_text_is_decoded_whole(mode: str) -> None:
    """Its half scores 71 to 97 by SSIMULACRA2, because the decoder mixes black and white as numbers."""
    page = Image.new("RGB", (2480, 1700), "white")
    for row in range(0, 1700, 40):
        ImageDraw.Draw(page).text(
            (40, row), "A page of text, scanned. " * 8, "black", ImageFont.load_default(26)
        )
    data = encoded(page.convert(mode), "JPEG", quality=88)
    file = BoundedFile(BytesIO(data), len(data), Limits())
    assert decode_still(file, read_header(file), Target("x", 160, 110, "contain", "center")).scale == 1


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("box", [(0.0, 0.0, 301.0, 200.0), (33.5, 10.0, 200.0, 180.25)])
def test_a_decoders_own_numbers_give_the_same_pixels(
    mode: str, box: tuple[float, float, float, float]
) -> None:
    image = Image.effect_noise((301, 200), 80).convert(mode)
    numbers = np.asarray(image).reshape(200, 301, len(mode))
    assert resize(image, (90, 61), box, numbers=numbers) == resize(image, (90, 61), box)
