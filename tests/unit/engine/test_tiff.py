"""TIFFs of every depth and order come out in their colors; damage and other kinds are called what they are."""

import struct
from pathlib import Path

import pytest
from engine_scenes import Compare, Render, encoded, scene
from engine_tiffs import LONG, tiff
from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.render import render


def reason(data: bytes) -> str:
    with pytest.raises(ImageRejected) as caught:
        render(data, Target("x", 32, 32, "contain", "center"), ("png",), Limits())
    return str(caught.value)


def test_sixteen_bits_in_planes_are_as_their_compressed_twin(samples: Path, rendered: Render) -> None:
    plain, packed = (
        rendered((samples / "cases" / name).read_bytes())
        for name in ("rgb16-planar.tif", "rgb16-planar-zip.tif")
    )
    assert plain.tobytes() == packed.tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("mode", "photometric"), [("RGB", 2), ("RGBA", 2), ("CMYK", 5)])
def test_sixteen_bits_in_planes_are_as_eight(
    mode: str, photometric: int, order: str, rendered: Render, alike: Compare
) -> None:
    image = scene(mode)
    planes = b"".join(
        struct.pack(f"{order}{len(data)}H", *(level * 257 for level in data))
        for data in (channel.tobytes() for channel in image.split())
    )
    bands = len(mode)
    tags = {258: (16,) * bands, 262: (photometric,), 277: (bands,), 284: (2,)}
    if mode == "RGBA":
        tags[338] = (2,)
    alike(rendered(tiff(image.width, image.height, planes, tags, order)), image.convert("RGBA"), 0.5)


def test_a_color_map_of_eight_bits_is_as_one_of_sixteen(samples: Path, rendered: Render) -> None:
    narrow, wide = (
        rendered((samples / "cases" / name).read_bytes())
        for name in ("palette-8bit-colormap.tif", "palette-16bit-colormap-ok.tif")
    )
    assert narrow.tobytes() == wide.tobytes()


@pytest.mark.parametrize("width", [128, 127, 64])
def test_sixteen_bits_where_0_is_white_are_no_negative(width: int, samples: Path, rendered: Render) -> None:
    got = rendered((samples / "cases/miniswhite16.tif").read_bytes(), (width, round(96 * width / 128)))
    assert got.getpixel((2, 10)) < 16  # type: ignore[operator]
    assert got.getpixel((width - 3, 10)) > 240  # type: ignore[operator]


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [8, 16])
def test_gray_keeps_its_direction_at_every_depth(bits: int, photometric: int, rendered: Render) -> None:
    levels = [column * 2 for column in range(128)] * 4
    data = bytes(levels) if bits == 8 else struct.pack(f"<{len(levels)}H", *(level * 257 for level in levels))
    got = rendered(tiff(128, 4, data, {258: (bits,), 262: (photometric,)})).convert("L").tobytes()[:128]
    wanted = levels[:128] if photometric else [255 - level for level in levels[:128]]
    assert max(abs(a - b) for a, b in zip(got, wanted, strict=True)) <= 1


def test_thirty_two_bits_have_no_sign(rendered: Render) -> None:
    levels = [0, 1 << 30, 1 << 31, (1 << 32) - 1]
    got = rendered(tiff(4, 1, struct.pack("<4I", *levels), {258: (32,)})).convert("L").tobytes()
    assert list(got) == [0, 64, 128, 255]


@pytest.mark.parametrize(
    ("compression", "name"), [(34887, "LERC"), (50001, "WebP"), (34712, "JPEG 2000"), (34933, "PNG")]
)
def test_a_compression_that_is_not_taken_is_named(compression: int, name: str) -> None:
    assert reason(tiff(8, 8, bytes(64), {259: (compression,)})) == (
        f"A TIFF compressed by {name} is not accepted; send it as JPEG or PNG."
    )


def test_ycbcr_in_planes_is_named() -> None:
    tags = {258: (8, 8, 8), 262: (6,), 277: (3,), 284: (2,)}
    assert "YCbCr in separate planes is not accepted" in reason(tiff(8, 8, bytes(192), tags))


@pytest.mark.parametrize("compression", ["tiff_adobe_deflate", "jpeg", "tiff_lzw"])
@pytest.mark.parametrize("place", range(1, 10))
def test_a_hole_in_a_compressed_strip_is_damage(compression: str, place: int) -> None:
    data = encoded(Image.effect_noise((200, 150), 60).convert("RGB"), "TIFF", compression=compression)
    at = len(data) * place // 10
    text = reason(data[:at] + bytes(200) + data[at + 200 :])
    assert "damaged" in text or "cut off" in text


def test_a_directory_that_names_more_than_the_file_holds_is_refused() -> None:
    data = bytearray(tiff(8, 8, bytes(64), {}))
    at = data.index(struct.pack("<HHI", 279, LONG, 1))
    data[at + 4 : at + 8] = struct.pack("<I", 400_000_000)
    assert "more bytes than it has" in reason(bytes(data))
