"""AVIF's search for repeated blocks runs where it finds some: in text that was not shrunk, and in tiles."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from dev.benchmarks import drawn
from imageservice.engine.encode import Prepared, encode, prepared, smallest
from imageservice.engine.pixels.repetition import repeated_share

SEARCH = "enable-intrabc"


def is_searched(image: Image.Image) -> bool:
    return SEARCH not in prepared(image, "avif", {}).options["advanced"]


def searching(image: Image.Image, value: str) -> Prepared:
    chosen = prepared(image, "avif", {})
    return chosen._replace(
        options={**chosen.options, "advanced": {**chosen.options["advanced"], SEARCH: value}}
    )


@pytest.mark.parametrize(
    "draw", [drawn.red_on_blue, drawn.code, drawn.table, drawn.page, drawn.diagram, drawn.pixel_art]
)
def test_what_repeats_to_the_pixel_is_searched(draw: drawn.Draw) -> None:
    assert is_searched(draw())


def test_an_interface_of_text_has_the_bytes_of_the_search_and_no_more() -> None:
    """Without it, it would have twice as many."""
    interface = drawn.interface(640)
    assert encode(interface, "avif", {}) == smallest(searching(interface, "1"))
    assert len(encode(interface, "avif", {})) * 2 < len(smallest(searching(interface, "0")))


@pytest.mark.parametrize("share", [0.63, 0.41])
def test_text_that_was_shrunk_repeats_no_more(share: float) -> None:
    page = drawn.page()
    assert not is_searched(drawn.shrunk(page, share))


def test_a_chart_is_not_searched_and_takes_hardly_more_bytes(samples: Path) -> None:
    with Image.open(samples / "chart.png") as opened:
        chart = drawn.shrunk(opened.convert("RGB"), 640 / opened.width)
    assert not is_searched(chart)
    assert len(encode(chart, "avif", {})) < 1.03 * len(smallest(searching(chart, "1")))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (300, 8), (9, 9), (40, 40)])
def test_tiny_and_even_images_repeat_nothing(mode: str, size: tuple[int, int]) -> None:
    assert repeated_share(Image.new(mode, size)) == 0.0
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
