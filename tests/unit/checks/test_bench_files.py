"""`./scripts/bench images --files`: one's own images are measured as what they are."""

from pathlib import Path

import pytest
from PIL import Image

from dev.benchmarks import kinds
from dev.checks import ROOT

SAMPLES = ROOT / "tests" / "samples"


@pytest.mark.parametrize(
    ("name", "formats", "photo"),
    [
        ("astronaut.jpg", ("avif", "webp", "jpeg"), True),
        ("chart.png", ("avif", "webp", "jpeg"), False),
        ("cases/logo-palette.png", ("avif", "webp", "png"), False),
        ("gears-101frames.webp", ("webp", "gif"), False),
    ],
)
def test_a_file_gets_the_formats_that_its_content_needs(
    name: str, formats: tuple[str, ...], photo: bool
) -> None:
    (kind,) = kinds.of_files([SAMPLES / name])
    assert (kind.formats, kind.photo) == (formats, photo)


def test_an_alpha_channel_that_hides_nothing_is_no_transparency(tmp_path: Path) -> None:
    opaque = tmp_path / "opaque.png"
    Image.open(SAMPLES / "astronaut.jpg").convert("RGBA").save(opaque)
    (kind,) = kinds.of_files([opaque])
    assert kind.formats == ("avif", "webp", "jpeg")


@pytest.mark.parametrize("content", [None, b"no image"])
def test_a_file_that_is_no_image_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "mine.jpg"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SystemExit, match=r"mine\.jpg"):
        kinds.of_files([file])
