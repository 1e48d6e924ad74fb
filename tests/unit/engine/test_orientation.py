"""Which way is up: all eight orientations, in every container that can state one, applied once."""

import struct
from pathlib import Path

import pillow_heif
import pytest
from engine_scenes import Compare, Render, chunk, encoded, exif, scene, stored_in, with_chunk
from PIL import Image

pillow_heif.register_heif_opener()

ORIENTATIONS = range(1, 9)
LOSSY, LOSSLESS = 4.0, 0.5  # measured: up to 2.6 and 0.0


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_exif_orientation_is_applied(
    format: str, orientation: int, rendered: Render, alike: Compare
) -> None:
    options = {"lossless": True} if format == "WEBP" else {"quality": 95} if format == "JPEG" else {}
    data = encoded(stored_in(scene(), orientation), format, exif=exif(orientation), **options)
    alike(rendered(data), scene(), LOSSY if format == "JPEG" else LOSSLESS)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_rotation_and_mirroring_of_an_avif_are_applied(
    orientation: int, rendered: Render, alike: Compare
) -> None:
    data = encoded(stored_in(scene(), orientation), "AVIF", quality=95, exif=exif(orientation))
    assert (b"irot" in data or b"imir" in data) == (orientation != 1)
    alike(rendered(data), scene(), LOSSY)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_rotation_and_mirroring_of_a_heic_count_once(
    orientation: int, rendered: Render, alike: Compare
) -> None:
    data = encoded(stored_in(scene(), orientation), "HEIF", quality=95, exif=exif(orientation))
    alike(rendered(data), scene(), LOSSY)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_photos_of_one_scene_come_out_alike(
    orientation: int, samples: Path, rendered: Render, alike: Compare
) -> None:
    first, other = (
        rendered((samples / f"landscape-orientation{number}.jpg").read_bytes(), (180, 120))
        for number in (1, orientation)
    )
    alike(other, first, 3.0)  # measured: up to 1.6, each shows its own number


def test_exif_behind_the_pixels_of_a_png_counts(rendered: Render, alike: Compare) -> None:
    data = encoded(stored_in(scene(), 6), "PNG")
    late = data[:-12] + chunk(b"eXIf", exif(6).removeprefix(b"Exif\0\0")) + data[-12:]
    alike(rendered(late), scene(), LOSSLESS)


@pytest.mark.parametrize("value", [0, 9, 255])
def test_an_orientation_that_means_nothing_is_none(value: int, rendered: Render, alike: Compare) -> None:
    block = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, value, 0, 0)
    alike(rendered(with_chunk(encoded(scene(), "PNG"), b"eXIf", block)), scene(), LOSSLESS)


@pytest.mark.parametrize("cut", [7, 9, 14, 20])
def test_exif_that_is_cut_off_is_ignored(cut: int, rendered: Render, alike: Compare) -> None:
    block = exif(6).removeprefix(b"Exif\0\0")[:cut]
    alike(rendered(with_chunk(encoded(scene(), "PNG"), b"eXIf", block)), scene(), LOSSLESS)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_cover_cuts_what_a_person_sees_at_the_top(orientation: int, rendered: Render, alike: Compare) -> None:
    upright = scene(size=(64, 96))
    data = encoded(stored_in(upright, orientation), "PNG", exif=exif(orientation))
    alike(rendered(data, (64, 48), fit="cover", gravity="top"), upright.crop((0, 0, 64, 48)), LOSSLESS)


def test_an_mpo_shows_its_first_picture(rendered: Render, alike: Compare) -> None:
    second = Image.new("RGB", scene().size, (250, 0, 250))
    data = encoded(scene(), "MPO", save_all=True, append_images=[second], quality=95)
    alike(rendered(data), scene(), LOSSY)
