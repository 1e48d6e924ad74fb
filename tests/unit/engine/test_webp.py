"""WebP: damage is found in every part of it, and nothing whole is called damaged."""

import struct
from pathlib import Path

import pytest
from engine_scenes import Render, encoded, scene
from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.render import render


def chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def refusal(data: bytes) -> str:
    with pytest.raises(ImageRejected) as caught:
        render(data, Target("x", 64, 48, "contain", "center"), ("png",), Limits())
    return str(caught.value)


@pytest.mark.parametrize("place", range(3, 20))
def test_a_hole_in_any_of_several_partitions_is_damage(place: int, samples: Path) -> None:
    data = (samples / "cases/webp-four-partitions-ok.webp").read_bytes()
    at = len(data) * place // 21
    assert "damaged" in refusal(data[:at] + bytes(100) + data[at + 100 :])


def test_several_partitions_are_no_damage(samples: Path, rendered: Render) -> None:
    data = (samples / "cases/webp-four-partitions-ok.webp").read_bytes()
    assert rendered(data).size == (96, 128)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (17, 31), (400, 300)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize(
    "options", [{"quality": 1}, {"quality": 100}, {"lossless": True}, {"alpha_quality": 10}]
)
def test_flat_and_tiny_images_are_whole(
    size: tuple[int, int], mode: str, options: dict[str, object], rendered: Render
) -> None:
    for image in (Image.new(mode, size, "gray"), scene(mode, size)):
        if mode == "RGBA":
            image.putalpha(77)
        assert rendered(encoded(image, "WEBP", **options)).size == size


def test_bytes_behind_the_last_pixel_are_damage_only_if_they_are_many(rendered: Render) -> None:
    whole = encoded(scene(), "WEBP", lossless=True)
    pixels = whole[20 : 20 + struct.unpack_from("<I", whole, 16)[0]]
    assert rendered(webp(chunk(b"VP8L", pixels + bytes(8)))).tobytes() == rendered(whole).tobytes()
    assert "damaged" in refusal(webp(chunk(b"VP8L", pixels + bytes(200))))


def test_a_picture_larger_than_its_canvas_is_never_decoded() -> None:
    large = encoded(Image.new("RGB", (9_000, 9_000)), "WEBP", lossless=True, method=0)
    canvas = struct.pack("<I", 0) + bytes((15, 0, 0)) * 2
    with pytest.raises(ImageRejected, match="81 megapixels"):
        render(
            webp(chunk(b"VP8X", canvas), large[12:]),
            Target("x", 16, 16, "contain", "center"),
            ("png",),
            Limits(max_pixels=1_000_000),
        )
