"""What a page shows until the image is there."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import Compare, encoded, scene
from PIL import Image

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.render import Rendered, render


def described(data: bytes, target: Target | None = None) -> Rendered:
    target = target or Target("thumb", 160, 160, "cover", "center")
    return render(data, target, ("webp",), Limits(), describe=True)


def preview(data: bytes) -> Image.Image:
    uri = described(data).placeholder
    assert uri is not None
    kind, _, text = uri.partition(",")
    assert kind == "data:image/webp;base64"
    return Image.open(BytesIO(b64decode(text)))


@pytest.mark.parametrize(
    "name",
    [
        "tomatoes-12mp.jpg",
        "landscape-orientation6.jpg",
        "sign-12mp-displayp3.heic",
        "gears-101frames.webp",
        "trees-alpha.png",
        "cmyk.tif",
    ],
)
def test_the_preview_of_a_sample_is_small_and_like_it(
    name: str, samples: Path, rendered: object, alike: Compare
) -> None:
    data = (samples / name).read_bytes()
    uri = described(data).placeholder
    assert uri is not None
    assert len(uri) <= 400
    small = preview(data).convert("RGBA")
    whole = Target("whole", *small.size, "contain", "center")
    wanted = Image.open(BytesIO(render(data, whole, ("png",), Limits()).images[0].data))
    alike(small, wanted, 16.0)  # measured: up to 11.4


def test_the_preview_shows_all_of_the_image_where_the_size_shows_a_part() -> None:
    small = preview(encoded(scene(size=(600, 200)), "PNG"))
    assert small.width == pytest.approx(3 * small.height, abs=2)


@pytest.mark.parametrize("size", [(1, 1), (5000, 1), (1, 5000), (3, 2)])
def test_odd_shapes_have_a_preview_and_a_color(size: tuple[int, int]) -> None:
    made = described(
        encoded(Image.new("RGB", size, (10, 200, 30)), "PNG"), Target("x", 1, 1, "contain", "center")
    )
    assert made.placeholder is not None
    assert made.color == "#0ac81e"


def test_noise_has_a_preview_of_400_bytes_at_most() -> None:
    channels = [Image.effect_noise((400, 400), 200) for _ in range(4)]
    uri = described(encoded(Image.merge("RGBA", channels), "PNG")).placeholder
    assert uri is not None
    assert len(uri) <= 400


def test_the_color_is_that_of_the_largest_part() -> None:
    image = Image.new("RGB", (100, 100), (20, 30, 200))
    image.paste((250, 250, 250), (0, 0, 100, 30))
    assert described(encoded(image, "PNG")).color == "#141ec8"


def test_what_can_t_be_seen_has_no_color() -> None:
    image = Image.new("RGBA", (100, 100), (255, 255, 255, 0))
    image.paste((20, 30, 200, 255), (40, 40, 60, 60))
    assert described(encoded(image, "PNG")).color == "#141ec8"


def test_larger_sizes_are_not_described_again() -> None:
    made = render(encoded(scene(), "PNG"), Target("x", 9, 6, "contain", "center"), ("webp",), Limits())
    assert (made.placeholder, made.color) == (None, None)
