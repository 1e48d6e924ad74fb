"""libaom tries its tools for screens where they gain: palettes in what is drawn, copies where something repeats."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from dev.benchmarks import drawn
from imageservice.engine.encode import Prepared, encode, prepared, smallest
from imageservice.engine.pixels.screen_content import few_shades_share, repeated_share

COPIES, PALETTES = "enable-intrabc", "enable-palette"


def tried(image: Image.Image) -> set[str]:
    """The tools that libaom may try."""
    return {COPIES, PALETTES} - prepared(image, "avif", {}).options["advanced"].keys()


def with_copies(image: Image.Image, value: str) -> Prepared:
    chosen = prepared(image, "avif", {})
    return chosen._replace(
        options={**chosen.options, "advanced": {**chosen.options["advanced"], COPIES: value}}
    )


@pytest.mark.parametrize(
    "draw", [drawn.red_on_blue, drawn.code, drawn.table, drawn.page, drawn.diagram, drawn.pixel_art]
)
def test_what_is_drawn_and_repeats_to_the_pixel_has_both_tools(draw: drawn.Draw) -> None:
    assert tried(draw()) == {COPIES, PALETTES}


def test_an_interface_of_text_has_the_bytes_of_the_search_and_no_more() -> None:
    """Without it, it would have twice as many."""
    interface = drawn.interface(640)
    assert encode(interface, "avif", {}) == smallest(with_copies(interface, "1"))
    assert len(encode(interface, "avif", {})) * 2 < len(smallest(with_copies(interface, "0")))


@pytest.mark.parametrize("share", [0.63, 0.41])
def test_text_that_was_shrunk_repeats_no_more(share: float) -> None:
    assert tried(drawn.shrunk(drawn.page(), share)) == {PALETTES}


def test_a_chart_has_palettes_alone_and_takes_hardly_more_bytes(samples: Path) -> None:
    with Image.open(samples / "chart.png") as opened:
        chart = drawn.shrunk(opened.convert("RGB"), 640 / opened.width)
    assert tried(chart) == {PALETTES}
    assert len(encode(chart, "avif", {})) < 1.03 * len(smallest(with_copies(chart, "1")))


def test_a_logo_with_alpha_is_judged_by_how_it_looks(samples: Path) -> None:
    """Below its soft edges, colors are even and end in steps, which repeat."""
    with Image.open(samples / "cases" / "logo-palette.png") as opened:
        assert tried(drawn.shrunk(opened.convert("RGBA"), 640 / opened.width)) == {PALETTES}


def test_photos_have_neither_although_libaom_takes_some_for_a_screen(samples: Path) -> None:
    """One with even parts, and one without."""
    register_heif_opener()
    for name in ("sign-12mp-displayp3.heic", "landscape-orientation6.jpg"):
        with Image.open(samples / name) as opened:
            assert tried(drawn.shrunk(opened.convert("RGB"), 640 / opened.width)) == set()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (300, 8), (9, 9), (40, 40)])
def test_tiny_and_even_images_repeat_nothing(mode: str, size: tuple[int, int]) -> None:
    assert repeated_share(Image.new(mode, size)) == few_shades_share(Image.new(mode, size)) == 0.0
    assert Image.open(BytesIO(encode(Image.new(mode, size), "avif", {}))).size == size


def test_even_parts_edges_and_ramps_are_no_repetition() -> None:
    """They are like the pixels beside or above them, which costs nothing without a search."""
    lines = Image.new("L", (400, 400), 255)
    for row in range(0, 400, 20):
        lines.paste(0, (0, row, 400, row + 3))
    assert repeated_share(lines) == 0.0
    assert repeated_share(Image.linear_gradient("L")) == 0.0


def test_the_share_is_that_of_the_windows_seen_again() -> None:
    """Noise beside itself repeats throughout; beside other noise, not at all."""
    noise, other = (Image.effect_noise((256, 256), 90) for _ in range(2))
    twice, once = Image.new("L", (512, 256)), Image.new("L", (512, 256))
    for image, second in ((twice, noise), (once, other)):
        image.paste(noise, (0, 0))
        image.paste(second, (256, 0))
    assert repeated_share(twice) > 0.9
    assert repeated_share(once) < 0.01


def test_shades_are_counted_where_there_are_edges() -> None:
    """A gradient has few shades in each block, but no edge; noise has edges, but many shades."""
    assert few_shades_share(Image.linear_gradient("L")) == 0.0
    assert few_shades_share(Image.effect_noise((200, 200), 90)) == 0.0
    checker = Image.new("L", (200, 200))
    for at in range(0, 200, 4):
        checker.paste(255, (at, 0, at + 2, 200))
    assert few_shades_share(checker) == 1.0
