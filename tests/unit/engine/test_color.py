"""Colors come out as a browser shows the original: in sRGB, in 8 bits, with alpha where the format can."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import Compare, Render, chunk, encoded, scene, with_chunk
from PIL import Image, ImageCms

from imageservice.engine.pixels.icc_profile import SRGB, from_codes, from_gamma

P3 = from_codes(12, 13, gray=False)
assert P3 is not None
LOSSY, LOSSLESS = 4.0, 1.0  # measured: up to 2.4 and 0.5


def patch(image: Image.Image) -> tuple[int, ...]:
    return image.convert("RGB").getpixel((image.width // 2, image.height // 2))  # type: ignore[return-value]


def near(got: tuple[int, ...], wanted: tuple[int, ...], most: int = 2) -> bool:
    return all(abs(a - b) <= most for a, b in zip(got, wanted, strict=True))


def plain(color: tuple[int, ...] | int, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (16, 16), color)


@pytest.mark.parametrize("format", ["png", "webp", "jpeg", "avif"])
def test_display_p3_becomes_srgb(format: str, rendered: Render) -> None:
    data = encoded(plain((200, 50, 30)), "PNG", icc_profile=P3)
    assert near(patch(rendered(data, format=format)), (218, 24, 1), 6)  # what Chromium shows


def test_a_phone_s_display_p3_photo_is_as_littlecms_converts_it(
    samples: Path, rendered: Render, alike: Compare
) -> None:
    import pillow_heif

    data = (samples / "sign-12mp-displayp3.heic").read_bytes()
    read = pillow_heif.open_heif(data)
    whole = read.to_pillow()
    profile = ImageCms.ImageCmsProfile(BytesIO(read.info["icc_profile"]))
    wanted = ImageCms.profileToProfile(
        whole.resize((300, 400), Image.Resampling.LANCZOS), profile, ImageCms.createProfile("sRGB")
    )
    assert wanted is not None
    alike(rendered(data, (300, 400), light="gamma"), wanted, 1.0)  # measured: 0.3


def test_gray_with_a_profile_of_linear_light_gets_brighter(rendered: Render) -> None:
    data = encoded(plain(128, "L"), "PNG", icc_profile=from_gamma(1.0, SRGB, gray=True))
    assert near(patch(rendered(data)), (188, 188, 188))


@pytest.mark.parametrize("name", ["cmyk.tif", "cmyk-icc-segments.jpg"])
def test_cmyk_with_a_profile_is_converted_by_it(
    name: str, samples: Path, rendered: Render, alike: Compare
) -> None:
    with Image.open(samples / name) as opened:
        profile = ImageCms.ImageCmsProfile(BytesIO(opened.info["icc_profile"]))
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        wanted = ImageCms.profileToProfile(
            opened, profile, ImageCms.createProfile("sRGB"), outputMode="RGB", flags=flags
        )
    assert wanted is not None
    alike(rendered((samples / name).read_bytes()), wanted, LOSSLESS)


def test_cmyk_without_a_profile_is_converted_as_browsers_do(rendered: Render) -> None:
    data = encoded(plain((200, 20, 0, 0), "CMYK"), "JPEG", quality=98)
    assert near(patch(rendered(data)), (55, 235, 255))  # what Chromium shows


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200, P3[:150], from_gamma(1.0, SRGB, gray=True)])
def test_a_profile_that_does_not_fit_is_ignored(profile: bytes, rendered: Render) -> None:
    data = encoded(plain((200, 50, 30)), "PNG", icc_profile=profile)
    assert patch(rendered(data)) == (200, 50, 30)


@pytest.mark.parametrize(
    ("kind", "data", "wanted"),
    [
        (b"gAMA", struct.pack(">I", 100_000), (229, 122, 96)),
        (b"gAMA", struct.pack(">I", 55_560), (210, 65, 40)),
        (b"gAMA", struct.pack(">I", 45_455), (200, 50, 30)),
        (b"cICP", bytes([12, 13, 0, 1]), (218, 24, 1)),
        (b"cICP", bytes([1, 8, 0, 1]), (229, 122, 96)),
        (b"cICP", bytes([1, 13, 0, 1]), (200, 50, 30)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000), (200, 50, 30)),
    ],
)
def test_the_numbers_of_a_png_count_as_in_chromium(
    kind: bytes, data: bytes, wanted: tuple[int, ...], rendered: Render
) -> None:
    assert near(patch(rendered(with_chunk(encoded(plain((200, 50, 30)), "PNG"), kind, data))), wanted)


def test_srgb_is_stronger_than_gamma_in_a_png(rendered: Render) -> None:
    png = with_chunk(encoded(plain((200, 50, 30)), "PNG"), b"gAMA", struct.pack(">I", 100_000))
    assert patch(rendered(with_chunk(png, b"sRGB", b"\0"))) == (200, 50, 30)


def test_sixteen_bits_of_gray_become_eight_without_clipping(rendered: Render) -> None:
    steps = [0, 256, 32768, 65279, 65535]
    image = Image.frombytes("I;16", (5, 1), struct.pack("<5H", *steps))
    got = rendered(encoded(image, "PNG")).convert("L").tobytes()
    assert list(got) == [0, 1, 128, 254, 255]


def test_a_16_bit_gray_tiff_keeps_its_tones(samples: Path, rendered: Render) -> None:
    histogram = rendered((samples / "gray-16bit.tif").read_bytes()).convert("L").histogram()
    assert sum(histogram[250:]) < 0.01 * sum(histogram)
    assert sum(1 for count in histogram if count) > 200


def test_gray_floats_from_0_to_1_become_black_to_white(rendered: Render) -> None:
    image = Image.frombytes("F", (3, 1), struct.pack("<3f", 0.0, 0.5, 1.0))
    assert list(rendered(encoded(image, "TIFF")).convert("L").tobytes()) == [0, 128, 255]


def test_lab_becomes_srgb(rendered: Render, alike: Compare) -> None:
    lab = ImageCms.profileToProfile(
        scene(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB", 5000), outputMode="LAB"
    )
    assert lab is not None
    alike(rendered(encoded(lab, "TIFF")), scene(), 3.0)  # measured: 1.5, Lab in 8 bits is coarse


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("format", ["png", "webp", "avif"])
def test_alpha_is_kept(mode: str, format: str, rendered: Render, alike: Compare) -> None:
    alike(rendered(encoded(scene(mode), "PNG"), format=format), scene(mode), LOSSY)


def test_alpha_is_flattened_on_white_in_jpeg(rendered: Render) -> None:
    assert near(
        patch(rendered(encoded(plain((255, 0, 0, 128), "RGBA"), "PNG"), format="jpeg")), (255, 127, 127)
    )


def test_what_can_t_be_seen_does_not_bleed_when_shrunk(rendered: Render) -> None:
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (0, 0, 205, 400))
    small = rendered(encoded(image, "PNG"), (40, 40)).convert("RGBA")
    assert {pixel[:3] for pixel in small.get_flattened_data() if pixel[3]} == {(255, 255, 255)}


def test_the_transparent_color_of_a_palette_is_kept(rendered: Render) -> None:
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 250, 10, 10])
    image.paste(0, (0, 0, 8, 16))
    got = rendered(encoded(image, "PNG", transparency=0)).convert("RGBA")
    assert (got.getpixel((2, 2))[3], got.getpixel((12, 2))) == (0, (250, 10, 10, 255))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_the_transparent_gray_of_a_png_is_found_at_every_depth(depth: int, rendered: Render) -> None:
    rows = {
        1: b"\0\xf0",
        2: b"\0\xff\0",
        4: b"\0" + b"\xff" * 2 + b"\0" * 2,
        8: b"\0" + b"\xff" * 4 + b"\0" * 4,
    }
    row = rows.get(depth, b"\0" + b"\xff\xff" * 4 + b"\0\0" * 4)
    png = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 1, depth, 0, 0, 0, 0)),
            chunk(b"tRNS", struct.pack(">H", 2**depth - 1)),
            chunk(b"IDAT", zlib.compress(row)),
            chunk(b"IEND", b""),
        )
    )
    assert list(rendered(png).convert("RGBA").getchannel("A").tobytes()) == [0] * 4 + [255] * 4


def test_the_transparent_color_of_a_png_counts_in_all_sixteen_bits(samples: Path, rendered: Render) -> None:
    alpha = rendered((samples / "cases/trns-rgb16.png").read_bytes()).convert("RGBA").getchannel("A")
    width, height = alpha.size
    assert alpha.crop((0, 30, width, 60)).getextrema() == (255, 255)
    assert alpha.crop((0, 0, width, 30)).getextrema() == (0, 0)
    assert height <= 60 or alpha.crop((0, 60, width, height)).getextrema() == (0, 0)
