"""Alpha is decided from the pixels, for all sizes alike."""

from collections.abc import Callable
from io import BytesIO

import pytest
from engine_scenes import encoded, scene
from PIL import Image

from imageservice.adapters.plan_loader import load_plan
from imageservice.core.limits import Limits
from imageservice.engine.inspection import inspect
from imageservice.engine.render import Rendered, render

_SIDES = (700, 500)


def every_size(data: bytes) -> list[Rendered]:
    found, plan = inspect(BytesIO(data), len(data), Limits()), load_plan().default
    return [
        render(data, target, plan.formats_for(found), Limits(), describe=True)
        for target in plan.targets(found)
    ]


def decided(data: bytes) -> set[tuple[bool, str]]:
    """Alpha and the fallback's format, at each size."""
    return {(made.alpha, made.images[-1].format) for made in every_size(data)}


def with_alpha(mode: str, hole: int = 255) -> Image.Image:
    """An opaque image of this mode but for one pixel in a corner, which the square thumbnail does not show."""
    image = scene("RGB", _SIDES).convert("L" if mode == "LA" else "RGB").convert(mode)
    alpha = Image.new("L", _SIDES, 255)
    alpha.putpixel((699, 499), hole)
    image.putalpha(alpha)
    return image


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("TIFF", "RGBA"), ("WEBP", "RGBA"), ("AVIF", "RGBA")]
)
def test_an_alpha_channel_that_is_opaque_throughout_counts_as_none(kind: str, mode: str) -> None:
    assert decided(encoded(with_alpha(mode), kind)) == {(False, "jpeg")}


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("TIFF", "RGBA")])
@pytest.mark.parametrize("hole", [0, 254])
def test_one_pixel_less_than_opaque_decides_for_every_size(kind: str, mode: str, hole: int) -> None:
    assert decided(encoded(with_alpha(mode, hole), kind)) == {(True, "png")}


def test_a_color_key_that_no_pixel_has_is_no_transparency() -> None:
    image = Image.new("RGB", _SIDES, "red")
    assert decided(encoded(image, "PNG", transparency=(0, 255, 0))) == {(False, "jpeg")}
    assert decided(encoded(image, "PNG", transparency=(255, 0, 0))) == {(True, "png")}


def moving(last_alpha: int) -> bytes:
    frames = [Image.new("RGBA", (80, 60), color) for color in ("red", "lime", "blue")]
    frames[-1].putalpha(last_alpha)
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)


def test_a_moving_image_is_transparent_where_any_frame_is() -> None:
    assert decided(moving(255)) == {(False, "gif")}
    assert decided(moving(100)) == {(True, "gif")}


def test_an_opaque_image_has_the_colors_of_its_twin_without_a_channel(
    alike: Callable[[Image.Image, Image.Image, float], None],
) -> None:
    image = with_alpha("RGBA")
    for made, twin in zip(
        every_size(encoded(image, "PNG")), every_size(encoded(image.convert("RGB"), "PNG")), strict=True
    ):
        first, second = (Image.open(BytesIO(each.images[-1].data)) for each in (made, twin))
        alike(first, second, 0.5)  # measured: 0.3, the premultiplied resize rounds once more
