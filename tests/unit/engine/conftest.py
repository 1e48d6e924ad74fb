"""What the engine's tests share: renditions made in one call, and comparisons that show what they measured."""

import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Light, Target
from imageservice.engine.inspection import inspect
from imageservice.engine.pillow_limits import set_pillow_limits
from imageservice.engine.render import render

# pytest imports test files by their path; what they share is imported by its name.
sys.path.append(str(Path(__file__).parent))
from engine_scenes import Compare, Render


@pytest.fixture(autouse=True, scope="session")
def pillow_limits() -> None:
    """What the handlers do once a process."""
    set_pillow_limits()


@pytest.fixture
def rendered() -> Render:
    """Renders `data` and opens what came out; by default in its own size and as PNG."""

    def run(
        data: bytes,
        size: tuple[int, int] | None = None,
        format: str = "png",
        fit: str = "contain",
        gravity: str = "center",
        formats: Sequence[str] = (),
        light: Light = "linear",
    ) -> Image.Image:
        if size is None:
            original = inspect(BytesIO(data), len(data), Limits())
            size = original.width, original.height
        target = Target("test", *size, fit, gravity)  # type: ignore[arg-type]
        made = render(data, target, formats or (format,), Limits(), light=light).images[0]
        image = Image.open(BytesIO(made.data))
        assert (made.format, made.width, made.height) == (format, *size)
        assert image.size == size
        return image

    return run


@pytest.fixture
def alike(tmp_path: Path) -> Compare:
    """Fails where two images differ by more than `most` levels of 255 on average; saves both and the difference."""

    def compare(got: Image.Image, wanted: Image.Image, most: float) -> None:
        assert got.size == wanted.size
        pair = [_on_gray(image) for image in (got, wanted)]
        difference = ImageChops.difference(*pair)
        mean = sum(ImageStat.Stat(difference).mean) / 3
        if mean > most:
            for name, image in zip(("got", "wanted", "difference"), (*pair, difference), strict=True):
                image.save(tmp_path / f"{name}.png")
            pytest.fail(
                f"the images differ by {mean:.2f} levels on average, more than {most}: see {tmp_path}"
            )

    return compare


def _on_gray(image: Image.Image) -> Image.Image:
    """Transparency is compared, too: on gray it shows against black and white alike."""
    shown = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", shown.size, (128, 128, 128, 255)), shown).convert("RGB")
