"""AVIF and HEIC: whole in all their parts or refused, within bounds, turned as phones mean it."""

import struct
import time
from io import BytesIO
from pathlib import Path

import pillow_heif
import pytest
from engine_scenes import Compare, Render, encoded, exif, scene
from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.inspection import inspect
from imageservice.engine.render import render

pillow_heif.register_heif_opener()
GRID = encoded(Image.effect_noise((640, 480), 60).convert("RGB"), "HEIF", quality=60, tile_size=256)


def refusal(data: bytes) -> str:
    with pytest.raises(ImageRejected) as caught:
        render(data, Target("x", 64, 48, "contain", "center"), ("png",), Limits())
    return str(caught.value)


@pytest.mark.parametrize("kept", [0.99, 0.95, 0.6, 0.3])
def test_a_phone_s_photo_that_is_cut_off_is_refused_at_inspection(kept: float, samples: Path) -> None:
    data = (samples / "sign-12mp-displayp3.heic").read_bytes()
    data = data[: int(len(data) * kept)]
    with pytest.raises(ImageRejected, match="cut off"):
        inspect(BytesIO(data), len(data), Limits())


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_hole_in_a_tile_of_a_phone_s_photo_is_refused(place: float, samples: Path) -> None:
    data = (samples / "sign-12mp-displayp3.heic").read_bytes()
    at = int(len(data) * place)
    assert refusal(data[:at] + bytes(2_000) + data[at + 2_000 :]) == (
        "The HEIC is damaged: its pixels can't be decoded."
    )


@pytest.mark.parametrize("place", range(1, 10))
def test_a_hole_in_a_tile_is_refused(place: int) -> None:
    at = len(GRID) * place // 10
    assert "HEIC is" in refusal(GRID[:at] + bytes(300) + GRID[at + 300 :])


def test_alpha_that_lies_beyond_the_file_is_refused() -> None:
    data = encoded(scene("RGBA", (256, 256)), "AVIF")
    with pytest.raises(ImageRejected, match="cut off"):
        inspect(BytesIO(data), len(data) - 1, Limits())


def test_two_association_boxes_are_as_one(samples: Path, rendered: Render) -> None:
    two, one = (
        rendered((samples / "cases" / name).read_bytes())
        for name in ("avif-alpha-two-ipma.avif", "avif-alpha-ok.avif")
    )
    assert two.mode == one.mode == "RGBA"
    assert two.tobytes() == one.tobytes()


def test_a_heic_turned_by_exif_alone_is_upright(samples: Path, rendered: Render, alike: Compare) -> None:
    data = (samples / "cases/heic-exif6-irot0.heic").read_bytes()
    got = rendered(data)
    assert got.size == (400, 600)
    stored = pillow_heif.open_heif(data).to_pillow()
    alike(got, stored.transpose(Image.Transpose.ROTATE_270), 0.5)


def test_exif_does_not_turn_what_the_container_has_turned(rendered: Render) -> None:
    data = encoded(scene(), "HEIF", quality=95, exif=exif(6))
    assert b"irot" in data
    assert rendered(data).size == (64, 96)


def test_an_index_made_to_be_slow_is_refused_within_a_second(samples: Path) -> None:
    data = (samples / "cases/heif-small-200kb.avif").read_bytes()
    began = time.thread_time()
    with pytest.raises(ImageRejected):
        inspect(BytesIO(data), len(data), Limits())
    assert time.thread_time() - began < 1


def test_an_index_of_more_items_than_any_photo_has_is_refused() -> None:
    entry = struct.pack(">I4sIHH4s", 20, b"infe", 2 << 24, 1, 0, b"av01")
    items = b"".join(entry[:12] + struct.pack(">H", place % 65536) + entry[14:] for place in range(20_000))
    inner = struct.pack(">I4sIH", 14 + len(items), b"iinf", 0, 20_000) + items
    data = b"\0\0\0\x14ftypavif\0\0\0\0avif" + struct.pack(">I4sI", 12 + len(inner), b"meta", 0) + inner
    with pytest.raises(ImageRejected, match="made to be slow"):
        inspect(BytesIO(data), len(data), Limits())


def moving_without_still() -> bytes:
    """A moving AVIF whose `meta` box has become free space, as ffmpeg writes them."""
    frames = [scene().rotate(90), scene().rotate(180)]
    data = encoded(scene(), "AVIF", save_all=True, append_images=frames, duration=100)
    at = data.index(b"meta")
    return data[:at] + b"free" + data[at + 4 :]


def test_a_moving_avif_needs_no_still_image() -> None:
    data = moving_without_still()
    found = inspect(BytesIO(data), len(data), Limits())
    assert (found.format, found.width, found.height, found.frames) == ("avif", 96, 64, 3)
    made = render(data, Target("x", 96, 64, "contain", "center"), ("webp",), Limits()).images[0]
    assert Image.open(BytesIO(made.data)).n_frames == 3  # type: ignore[attr-defined]


def test_a_picture_larger_than_its_index_says_is_never_decoded() -> None:
    data = bytearray(encoded(scene("RGB", (256, 256)), "AVIF"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 16, 16)
    with pytest.raises(ImageRejected, match="damaged"):
        render(bytes(data), Target("x", 16, 16, "contain", "center"), ("png",), Limits(max_pixels=1_000))


def test_a_moving_avif_that_lacks_its_last_frame_is_refused_at_inspection() -> None:
    frames = {"save_all": True, "append_images": [scene().rotate(90)], "duration": 100}
    data = encoded(scene(), "AVIF", **frames)
    with pytest.raises(ImageRejected, match="cut off"):
        inspect(BytesIO(data), len(data) - 1, Limits())
