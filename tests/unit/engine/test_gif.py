"""GIFs as browsers show them, palettes of frames included."""

from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import Render, encoded
from PIL import Image, ImageChops

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.decode_animation import decode_frames
from imageservice.engine.inspection import read_header
from imageservice.engine.render import render


def frames(data: bytes) -> list[Image.Image]:
    """What is seen at each time, before it is encoded."""
    file = BoundedFile(BytesIO(data), len(data), Limits())
    return [frame.pixels.image for frame in decode_frames(file, read_header(file))]


def is_gray(image: Image.Image) -> bool:
    red, green, blue = image.convert("RGB").split()
    return red.tobytes() == green.tobytes() == blue.tobytes()


def test_a_frame_s_own_gray_ramp_is_gray_in_a_still_gif(samples: Path, rendered: Render) -> None:
    got = rendered((samples / "cases/gif-gray-local-palette-still.gif").read_bytes())
    assert is_gray(got)
    assert len(set(got.convert("L").tobytes())) > 50


def test_a_frame_s_own_gray_ramp_is_gray_in_a_moving_gif(samples: Path) -> None:
    first, second = frames((samples / "cases/gif-color-then-gray-local-palette-moving.gif").read_bytes())
    assert not is_gray(first)
    # Its index 8 is transparent: there the first frame, a red, shows through.
    second.paste((0, 0, 0), mask=ImageChops.difference(*second.convert("RGB").split()[:2]).point(bool, "1"))
    columns = [second.getpixel((x, 24)) for x in range(0, 64, 4)]
    assert is_gray(second)
    assert sum(column == (0, 0, 0, 255) for column in columns) <= 2


@pytest.mark.parametrize("kind", ["still", "moving"])
def test_a_global_gray_ramp_keeps_its_transparency(kind: str, samples: Path) -> None:
    data = (samples / f"cases/gif-gray-ramp-transparent-{kind}.gif").read_bytes()
    if kind == "still":
        target = Target("x", *Image.open(BytesIO(data)).size, "contain", "center")
        shown = [Image.open(BytesIO(render(data, target, ("png",), Limits()).images[0].data)).convert("RGBA")]
    else:
        shown = frames(data)
    assert all(is_gray(frame) for frame in shown)
    assert shown[0].getchannel("A").getextrema() == (0, 255)


def two_palettes(first: list[int], second: list[int]) -> bytes:
    """A moving GIF whose second frame has a palette of its own; both show the indexes 0 to 255."""
    ramp = Image.frombytes("P", (16, 16), bytes(range(256)))
    whole = []
    for palette in (first, second):
        image = ramp.copy()
        image.putpalette(palette)
        whole.append(encoded(image, "GIF", optimize=False))
    head, other = whole
    # The second GIF's image, with its global palette as a local one.
    start = other.index(b",", 13 + 768)
    local = (
        other[start : start + 9]
        + bytes([0x87 | other[start + 9]])
        + other[13 : 13 + 768]
        + other[start + 10 : -1]
    )
    return head[:-1] + local + head[-1:]


GRAY = [level for level in range(256) for _ in range(3)]
COLOR = [channel for level in range(256) for channel in (level, 255 - level, 128)]


@pytest.mark.parametrize(("first", "second"), [(GRAY, COLOR), (COLOR, GRAY), (COLOR, COLOR), (GRAY, GRAY)])
def test_each_frame_has_the_colors_of_its_own_palette(first: list[int], second: list[int]) -> None:
    for frame, palette in zip(frames(two_palettes(first, second)), (first, second), strict=True):
        assert frame.convert("RGB").tobytes() == bytes(palette)


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_gif_whose_pixels_are_whole_is_shown(missing: int, moving: bool) -> None:
    """Its trailer, and the end of its last block, are missing."""
    image = Image.effect_noise((40, 30), 60)
    options = {"save_all": True, "append_images": [image.rotate(90)]} if moving else {}
    whole = encoded(image, "GIF", **options)
    got = [frame.tobytes() for frame in frames(whole[:-missing])]
    assert got == [frame.tobytes() for frame in frames(whole)]


@pytest.mark.parametrize("last", [b"\0", b"!", b",", b"\xff"])
def test_the_last_byte_of_a_gif_may_be_wrong(last: bytes) -> None:
    whole = encoded(Image.effect_noise((40, 30), 60), "GIF")
    got = [frame.tobytes() for frame in frames(whole[:-1] + last)]
    assert got == [frame.tobytes() for frame in frames(whole)]


@pytest.mark.parametrize("missing", range(5, 40))
def test_a_gif_that_lacks_pixels_is_refused(missing: int) -> None:
    data = encoded(Image.effect_noise((40, 30), 60), "GIF")[:-missing]
    with pytest.raises(ImageRejected, match=r"cut off|damaged"):
        render(data, Target("x", 40, 30, "contain", "center"), ("png",), Limits())
