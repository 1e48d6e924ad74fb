"""JPEGs are whole or refused: by their structure and the decoder's warnings, whatever size is asked for."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import Compare, Render, encoded, scene
from PIL import Image, ImageChops

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.inspection import inspect
from imageservice.engine.render import render

PHOTO = Image.effect_noise((320, 240), 60).convert("RGB")


def refusal(data: bytes, width: int = 64, height: int = 48) -> str:
    with pytest.raises(ImageRejected) as caught:
        render(data, Target("x", width, height, "contain", "center"), ("png",), Limits())
    return str(caught.value)


@pytest.mark.parametrize("name", ["moon-night-sky.jpg", "white-frame-restart4-ok.jpg"])
@pytest.mark.parametrize("width", [160, 320, 640, 1280])
def test_a_whole_photo_with_a_flat_lower_end_is_taken_at_every_size(
    name: str, width: int, samples: Path, rendered: Render, alike: Compare
) -> None:
    data = (samples / "cases" / name).read_bytes()
    original = inspect(BytesIO(data), len(data), Limits())
    width = min(width, original.width)
    size = width, round(original.height * width / original.width)
    whole = Image.open(BytesIO(data)).convert("RGB").resize(size, Image.Resampling.LANCZOS)
    alike(rendered(data, size), whole, 1.5)  # measured: up to 0.7


def test_a_video_behind_a_photo_changes_nothing(samples: Path, rendered: Render) -> None:
    motion, still = (
        rendered((samples / "cases" / f"motion-photo-mp4-trailer{suffix}.jpg").read_bytes(), (320, 240))
        for suffix in ("", "-ok")
    )
    assert motion.tobytes() == still.tobytes()


def test_a_missing_end_marker_is_no_damage(samples: Path, rendered: Render) -> None:
    data = (samples / "cases/jpeg-without-eoi.jpg").read_bytes()
    got, whole = (rendered(file).crop((0, 532, 800, 533)) for file in (data, data + b"\xff\xd9"))
    assert max(high for _, high in ImageChops.difference(got, whole).getextrema()) <= 4  # type: ignore[misc]


def test_a_short_jfif_segment_is_no_damage(samples: Path, rendered: Render) -> None:
    assert rendered((samples / "cases/jpeg-short-jfif.jpg").read_bytes()).size == (200, 150)


def test_a_lossless_jpeg_is_refused_for_what_it_is(samples: Path) -> None:
    data = (samples / "cases/jpeg-lossless-sof3.jpg").read_bytes()
    with pytest.raises(ImageRejected, match="lossless JPEG is not accepted"):
        inspect(BytesIO(data), len(data), Limits())


def test_a_twelve_bit_jpeg_is_refused_for_what_it_is() -> None:
    data = bytearray(encoded(PHOTO, "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(ImageRejected, match="12-bit JPEG is not accepted"):
        inspect(BytesIO(data), len(data), Limits())


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_photo_that_was_cut_off_and_ended_again_is_refused(kept: float, progressive: bool) -> None:
    data = encoded(PHOTO, "JPEG", progressive=progressive)
    assert re.search("cut off|damaged", refusal(data[: int(len(data) * kept)] + b"\xff\xd9"))


def test_a_progressive_photo_without_its_last_scans_is_refused() -> None:
    data = encoded(PHOTO, "JPEG", progressive=True)
    assert "cut off" in refusal(data[: data.rindex(b"\xff\xda")])


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("size", [(320, 240), (40, 30)])
def test_a_hole_in_a_photo_is_found_at_every_size(mode: str, size: tuple[int, int]) -> None:
    data = encoded(PHOTO.convert(mode), "JPEG", quality=85)
    middle = len(data) // 2
    assert "JPEG is" in refusal(data[:middle] + bytes(200) + data[middle + 200 :], *size)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("size", [(33, 17), (9, 65), (1, 1)])
def test_the_pixels_are_libjpeg_s_own(
    mode: str, subsampling: str, size: tuple[int, int], rendered: Render
) -> None:
    data = encoded(scene(mode, size), "JPEG", subsampling=subsampling)
    wanted = Image.open(BytesIO(data)).convert("RGB")
    assert rendered(data).convert("RGB").tobytes() == wanted.tobytes()


def test_segments_without_end_are_refused_in_time() -> None:
    photo = encoded(PHOTO, "JPEG")
    data = photo[:2] + b"\xff\xfe\0\2" * 100_000 + photo[2:]
    with pytest.raises(ImageRejected, match="made to be slow"):
        inspect(BytesIO(data), len(data), Limits())
