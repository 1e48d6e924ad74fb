"""Every row of imageservice.core.formats is a format that the engine reads, writes and animates as the row says."""

from io import BytesIO

import pillow_heif
import pytest
from engine_scenes import Render, encoded, scene
from PIL import Image

from imageservice.core.formats import FORMATS, RENDITION_FORMATS
from imageservice.core.limits import Limits
from imageservice.engine.decode_animation import DECODERS
from imageservice.engine.encode import SETTINGS, encode
from imageservice.engine.encode_animation import RenderedFrame, encode_animation
from imageservice.engine.inspection import inspect

pillow_heif.register_heif_opener()
# Pillow's name of a format where it is not the service's.
PILLOW = {"heic": "HEIF"}


def format_of(data: bytes) -> tuple[str, int]:
    original = inspect(BytesIO(data), len(data), Limits())
    return original.format, original.frames


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_recognized_and_decoded(name: str, rendered: Render) -> None:
    data = encoded(scene(), PILLOW.get(name, name.upper()))
    assert format_of(data) == (name, 1)
    assert rendered(data).size == scene().size


def test_every_format_of_renditions_has_settings_and_no_other() -> None:
    assert set(SETTINGS) == set(RENDITION_FORMATS)


@pytest.mark.parametrize("name", RENDITION_FORMATS)
def test_every_format_of_renditions_is_encoded(name: str) -> None:
    assert format_of(encode(scene(), name, {})) == (name, 1)


@pytest.mark.parametrize("name", [name for name, row in FORMATS.items() if row.animation])
def test_every_format_that_animates_is_encoded_with_all_its_frames(name: str) -> None:
    frames = [RenderedFrame(Image.new("RGB", (64, 48), color), 100) for color in ("red", "green", "blue")]
    assert format_of(encode_animation(frames, 0, name, {})) == (name, 3)


def moving(name: str) -> bytes:
    first, *others = (Image.new("RGB", (64, 48), color) for color in ("red", "green", "blue"))
    return encoded(first, name.upper(), save_all=True, append_images=others, duration=100)


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("output", [name for name, row in FORMATS.items() if row.animation])
def test_a_moving_image_of_every_format_that_moves_stays_one(
    name: str, output: str, rendered: Render
) -> None:
    assert format_of(moving(name)) == (name, 3)
    assert getattr(rendered(moving(name), format=output), "n_frames", 1) == 3


def test_every_format_that_renditions_move_in_is_decoded_as_one_too() -> None:
    assert {name for name, row in FORMATS.items() if row.animation} <= set(DECODERS)
