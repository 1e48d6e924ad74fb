"""A rendition is no larger than its pixels need."""

from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import encoded, scene
from PIL import Image, ImageChops, ImageDraw, ImageFont

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Plan, Size
from imageservice.engine.encode import encode
from imageservice.engine.encode_animation import RenderedFrame, encode_animation
from imageservice.engine.inspection import inspect
from imageservice.engine.pixels.content import faded_share, flat_share
from imageservice.engine.pixels.near_lossless import simplified
from imageservice.engine.pixels.palette import indexed
from imageservice.engine.pixels.resize import resize
from imageservice.engine.render import Rendered, render


def made(data: bytes, width: int, *formats: str) -> Rendered:
    original = inspect(BytesIO(data), len(data), Limits())
    plan = Plan((Size("x", width),), ("avif", "webp", "fallback"))
    target = plan.targets(original)[0]
    return render(data, target, formats or plan.formats_for(original), Limits())


def text() -> Image.Image:
    page = Image.new("RGB", (800, 400), "white")
    draw = ImageDraw.Draw(page)
    for row in range(16):
        draw.text((20, 10 + 24 * row), "The quick brown fox jumps over the lazy dog " * 2, fill=(200, 0, 0))
    return page


def test_a_logo_is_no_larger_than_its_source_allows(samples: Path) -> None:
    data = (samples / "cases/logo-palette.png").read_bytes()
    small = {image.format: len(image.data) for image in made(data, 1280).images}
    assert small["png"] <= 2 * len(data)
    whole = {image.format: len(image.data) for image in made(data, 1400).images}
    assert whole["png"] <= len(data)
    assert whole["webp"] <= len(data)


def test_a_flat_animation_is_no_larger_than_its_source(samples: Path) -> None:
    data = (samples / "cases/flat-ui-animation.gif").read_bytes()
    assert len(made(data, 640, "webp").images[0].data) <= 7_624  # measured: 6,482


def test_a_checker_takes_a_lossless_webp(samples: Path) -> None:
    data = (samples / "cases/checker.png").read_bytes()
    assert len(made(data, 1024, "webp").images[0].data) < 1_000  # lossy: 374,698


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_few_colors_come_out_exactly(mode: str) -> None:
    image = Image.new(mode, (64, 64), (10, 20, 30, 255)[: len(mode)])
    for column in range(16):
        image.paste(
            (16 * column, 255 - 16 * column, 40, 128)[: len(mode)], (4 * column, 0, 4 * column + 4, 32)
        )
    png = made(encoded(image, "PNG"), 64, "png").images[0].data
    opened = Image.open(BytesIO(png))
    difference = ImageChops.difference(opened.convert(mode), image)
    assert max(high for _, high in difference.getextrema()) <= 2  # type: ignore[misc]


def test_colored_text_keeps_its_colors(samples: Path) -> None:
    photo = Image.open(samples / "tomatoes-12mp.jpg")
    photo.draft("RGB", (800, 800))
    assert faded_share(text()) > 0.003
    assert faded_share(photo.convert("RGB")) == 0
    jpeg = Image.open(BytesIO(made(encoded(text(), "PNG"), 800, "jpeg").images[0].data))
    assert jpeg.layer[0][1:3] == (1, 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(1280, 421), (640, 210), (320, 105)])
def test_a_palette_is_off_by_12_levels_at_most(samples: Path, size: tuple[int, int]) -> None:
    logo = Image.open(samples / "cases/logo-palette.png").convert("RGBA")
    shrunk = resize(logo, size, (0.0, 0.0, *map(float, logo.size)))  # type: ignore[arg-type]
    assert shrunk.getcolors(256) is None
    few = indexed(shrunk)
    assert few is not None
    difference = ImageChops.difference(*(image.convert("RGBA").convert("RGBa") for image in (few, shrunk)))
    assert max(high for _, high in difference.getextrema()) <= 14  # type: ignore[misc]  # 12, and rounding


def test_a_gradient_gets_no_palette_that_shows_bands() -> None:
    ramp = Image.linear_gradient("L")
    page = Image.new("RGB", (512, 256))
    page.paste(ramp.convert("RGB"), (0, 0))
    page.paste(Image.merge("RGB", (ramp.rotate(180), ramp, Image.new("L", ramp.size))), (256, 0))
    assert page.getcolors(256) is None
    assert indexed(page) is None


def interface() -> Image.Image:
    """Rows of boxes and text, as screenshots have them, in more colors than a palette has."""
    page = Image.new("RGB", (1600, 900), "#f6f7f9")
    page.paste(Image.linear_gradient("L").resize((1600, 80)).convert("RGB"), (0, 0))
    draw = ImageDraw.Draw(page)
    for row in range(7):
        top = 100 + 110 * row
        draw.rounded_rectangle((40, top, 1560, top + 95), 12, fill="white", outline="#d8dbe2")
        draw.text((180, top + 20), f"Order 10{row}42, Ada Lovelace", "#202430", ImageFont.load_default(30))
        draw.ellipse((60, top + 10, 140, top + 85), fill=(20 * row, 160 - 20 * row, 90))
        draw.text((70, top + 30), "paid", (250, 240 - 30 * row, 20 * row), ImageFont.load_default(28))
    return page


def test_a_small_gradient_is_enough_to_refuse_a_palette(samples: Path) -> None:
    """Its colors are rare: in the mean, their bands would not count."""
    logo = Image.open(samples / "cases/logo-palette.png").convert("RGBA").convert("RGB")
    page = resize(logo, (640, 210), (0.0, 0.0, *map(float, logo.size)))  # type: ignore[arg-type]
    assert page.getcolors(256) is None
    assert indexed(page) is not None
    ramp = Image.linear_gradient("L").rotate(90).resize((640, 16))
    page.paste(ramp.convert("RGB"), (0, 0))
    assert indexed(page) is None


def test_an_interface_is_sharper_and_smaller_than_lossy() -> None:
    data = encoded(interface(), "PNG")
    webp = made(data, 800, "webp").images[0].data
    shrunk = Image.open(BytesIO(made(data, 800, "png").images[0].data)).convert("RGB")
    lossy = encoded(shrunk, "WEBP", quality=80, method=2)
    assert len(webp) < 0.8 * len(lossy)
    furthest, lossy_furthest = (
        max(
            high
            for _, high in ImageChops.difference(
                Image.open(BytesIO(each)).convert("RGB"), shrunk
            ).getextrema()
        )  # type: ignore[misc]
        for each in (webp, lossy)
    )
    assert furthest <= 12
    assert lossy_furthest > 3 * furthest


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_rounded_colors_are_off_by_4_levels_at_most_and_gradients_stay(mode: str) -> None:
    page = interface().crop((30, 90, 330, 290)).convert(mode)
    rounded = simplified(page)
    assert max(high for _, high in ImageChops.difference(rounded, page).convert("RGB").getextrema()) <= 4  # type: ignore[misc]
    assert len(rounded.getcolors(100_000) or ()) < len(page.getcolors(100_000) or ())
    ramp = Image.linear_gradient("L").convert(mode)
    assert ImageChops.difference(simplified(ramp), ramp).crop((0, 1, 256, 255)).convert("L").getbbox() is None


def test_a_plan_that_asks_for_quality_gets_it_exactly() -> None:
    drawn = interface().resize((400, 225))
    exact = Image.open(BytesIO(encode(drawn, "webp", {"webp": 95})))
    assert ImageChops.difference(exact.convert("RGB"), drawn).getbbox() is None


def test_an_animation_with_photos_in_it_is_not_tried_without_loss(samples: Path) -> None:
    photo = Image.open(samples / "tomatoes-12mp.jpg")
    photo.draft("RGB", (400, 600))
    picture = photo.convert("RGB").resize((300, 400))
    flat = [RenderedFrame(Image.new("RGB", picture.size, color), 100) for color in ("white", "red")]
    photos = [RenderedFrame(ImageChops.offset(picture, 9 * step, 0), 100) for step in range(3)]
    assert b"VP8L" in encode_animation(flat, 0, "webp", {})
    assert b"VP8L" not in encode_animation(flat + photos, 0, "webp", {})


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_rendition_of_the_original_s_size_has_no_more_bytes(kind: str) -> None:
    options = {"quality": 20} if kind == "JPEG" else {"optimize": True}
    data = encoded(scene("RGB", (300, 200)).quantize(40).convert("RGB"), kind, **options)
    assert len(made(data, 300, kind.lower()).images[0].data) <= len(data)


def test_photos_are_not_flat_and_drawings_are(samples: Path) -> None:
    photo = Image.open(samples / "tomatoes-12mp.jpg")
    photo.draft("RGB", (800, 800))
    assert flat_share(photo.convert("RGB")) < 0.3
    assert flat_share(text()) > 0.65
