"""TIFFs of samples that Pillow does not know come out in their colors, or are refused for what they are."""

import struct
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import Compare, Render, encoded, scene
from engine_tiffs import tiff
from PIL import Image, ImageCms

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.inspection import inspect
from imageservice.engine.render import render

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
GRAY, RGB, CMYK, LAB, ICC_LAB = 1, 2, 5, 8, 9
BITS, PHOTOMETRIC, SAMPLES, PLANES, EXTRA, FORMAT = 258, 262, 277, 284, 338, 339
PREMULTIPLIED, STRAIGHT = 1, 2


def light(level: int) -> float:
    """sRGB's light of a level. Source: IEC 61966-2-1."""
    value = level / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def samples_of(image: Image.Image) -> bytes:
    return image.tobytes()


def stored(
    image: Image.Image,
    numbers: Iterable[float],
    code: str,
    tags: dict[int, tuple[int, ...]],
    order: str = "<",
) -> bytes:
    """A TIFF of an image's size with these numbers."""
    values = list(numbers)
    count = len(values) // (image.width * image.height)
    bits = struct.calcsize(code) * 8
    form = FLOAT if code in "efd" else SIGNED if code.islower() else UNSIGNED
    stated = {BITS: (bits,) * count, SAMPLES: (count,), FORMAT: (form,) * count}
    data = struct.pack(f"{order}{len(values)}{code}", *values)
    return tiff(image.width, image.height, data, {**stated, **tags}, order)


def refusal(data: bytes) -> str:
    with pytest.raises(ImageRejected) as caught:
        inspect(BytesIO(data), len(data), Limits())
    return str(caught.value)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("code", ["e", "f", "d"])
def test_colors_of_floats_are_light(code: str, order: str, rendered: Render, alike: Compare) -> None:
    image = scene()
    data = stored(image, map(light, image.tobytes()), code, {PHOTOMETRIC: (RGB,)}, order)
    alike(rendered(data), image, 0.3)


def test_light_brighter_than_white_is_white(rendered: Render) -> None:
    levels = [light(128)] * 3 * 15 + [20.0, 3.0, 1.5]
    got = rendered(stored(Image.new("L", (16, 1)), levels, "f", {PHOTOMETRIC: (RGB,)})).convert("RGB")
    assert got.getpixel((0, 0)) == (128, 128, 128)
    assert got.getpixel((15, 0)) == (255, 255, 255)


@pytest.mark.parametrize("most", [255, 65535])
def test_colors_of_floats_up_to_255_or_65535_are_levels(most: int, rendered: Render, alike: Compare) -> None:
    image = scene()
    numbers = (level * most / 255 for level in image.tobytes())
    alike(rendered(stored(image, numbers, "f", {PHOTOMETRIC: (RGB,)})), image, 0.3)


def test_colors_of_floats_without_a_known_range_are_refused() -> None:
    image = scene()
    data = stored(image, (level * 1e6 for level in image.tobytes()), "f", {PHOTOMETRIC: (RGB,)})
    with pytest.raises(ImageRejected, match="floating-point TIFF with colors that are not between 0 and 1"):
        render(data, Target("x", 96, 64, "contain", "center"), ("png",), Limits())


@pytest.mark.parametrize("code", ["e", "f", "d"])
def test_gray_of_floats_is_as_it_is(code: str, rendered: Render, alike: Compare) -> None:
    image = scene("L")
    data = stored(image, (level / 255 for level in image.tobytes()), code, {})
    alike(rendered(data), image, 0.3)


@pytest.mark.parametrize(("low", "high"), [(-5.0, 3000.0), (3.0, 1003.0), (-1e30, 1e30), (0.0, 1e9)])
def test_other_gray_is_stretched(low: float, high: float, rendered: Render, alike: Compare) -> None:
    image = Image.linear_gradient("L")
    numbers = (low + level * ((high - low) / 255) for level in image.tobytes())
    alike(rendered(stored(image, numbers, "f", {})), image, 0.5)


def test_numbers_that_are_none_are_black(rendered: Render) -> None:
    data = stored(Image.new("L", (4, 1)), [float("nan"), float("-inf"), 0.5, 1.0], "f", {})
    assert list(rendered(data).convert("L").tobytes()) == [0, 0, 128, 255]


@pytest.mark.parametrize(("code", "shift"), [("b", 128), ("h", 32768), ("i", 2**31), ("q", 2**63)])
def test_signed_gray_is_stretched(code: str, shift: int, rendered: Render, alike: Compare) -> None:
    image = Image.linear_gradient("L")
    step = 2 * shift // 256
    numbers = (level * step - shift for level in image.tobytes())
    alike(rendered(stored(image, numbers, code, {})), image, 0.6)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["I", "Q"])
def test_colors_of_32_and_64_bits_use_all_of_them(code: str, rendered: Render, alike: Compare) -> None:
    image = scene()
    step = (2 ** (8 * struct.calcsize(code)) - 1) // 255
    data = stored(image, [level * step for level in image.tobytes()], code, {PHOTOMETRIC: (RGB,)})
    alike(rendered(data), image, 0.3)


@pytest.mark.parametrize("bits", [6, 10, 12, 14])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_odd_numbers_of_bits_are_taken(bits: int, mode: str, rendered: Render, alike: Compare) -> None:
    image = scene(mode)
    channels = len(mode)
    most = 2**bits - 1
    rows = b""
    raw = image.tobytes()
    for row in range(image.height):
        part = raw[row * image.width * channels : (row + 1) * image.width * channels]
        digits = "".join(f"{round(level * most / 255):0{bits}b}" for level in part)
        digits += "0" * (-len(digits) % 8)
        rows += int(digits, 2).to_bytes(len(digits) // 8, "big")
    photometric = RGB if mode == "RGB" else GRAY
    tags = {BITS: (bits,) * channels, PHOTOMETRIC: (photometric,), SAMPLES: (channels,)}
    alike(rendered(tiff(*image.size, rows, tags)), image, 255 / most)


@pytest.mark.parametrize("code", ["B", "H"])
@pytest.mark.parametrize("separate", [False, True])
def test_cmyk_keeps_its_alpha(code: str, separate: bool, rendered: Render, alike: Compare) -> None:
    image = scene("CMYK")
    alpha = scene("RGBA").getchannel("A")
    planes = [*(channel.tobytes() for channel in image.split()), alpha.tobytes()]
    levels = (
        b"".join(planes)
        if separate
        else bytes(level for pixel in zip(*planes, strict=True) for level in pixel)
    )
    scale = 1 if code == "B" else 257
    tags = {PHOTOMETRIC: (CMYK,), EXTRA: (STRAIGHT,)}
    if separate:
        tags[PLANES] = (2,)
    wanted = image.convert("RGB")
    wanted.putalpha(alpha)
    got = rendered(stored(image, (level * scale for level in levels), code, tags))
    assert got.mode == "RGBA"
    alike(got, wanted, 0.5)


def test_colors_multiplied_by_alpha_are_divided(rendered: Render) -> None:
    data = stored(
        Image.new("L", (1, 1)),
        [light(200) / 2, 0.0, light(100) / 2, 0.5],
        "f",
        {PHOTOMETRIC: (RGB,), EXTRA: (PREMULTIPLIED,)},
    )
    assert rendered(data).convert("RGBA").getpixel((0, 0)) == (200, 0, 100, 128)


def test_spot_colors_are_no_alpha(rendered: Render, alike: Compare) -> None:
    image = scene("CMYK")
    pixels = zip(*[iter(image.tobytes())] * 4, strict=True)
    numbers = [level for pixel in pixels for level in (*pixel, 77, 200)]
    data = stored(image, numbers, "B", {PHOTOMETRIC: (CMYK,), EXTRA: (0, 0)})
    alike(rendered(data), image.convert("RGB"), 0.5)


@pytest.mark.parametrize(
    ("photometric", "code", "numbers"),
    [
        (LAB, "H", (0.5 * 65535, 40 * 256, 65536 - 30 * 256)),
        (LAB, "h", (0.5 * 65535, 40 * 256, -30 * 256)),
        (ICC_LAB, "H", (0.5 * 65280, (128 + 40) * 256, (128 - 30) * 256)),
        (ICC_LAB, "B", (127, 128 + 40, 128 - 30)),
        (LAB, "f", (50.0, 40.0, -30.0)),
    ],
)
def test_lab_of_any_depth_is_the_same_color(
    photometric: int, code: str, numbers: tuple[float, ...], rendered: Render
) -> None:
    values = numbers if code == "f" else [int(number) for number in numbers]
    data = stored(Image.new("L", (1, 1)), values, code, {PHOTOMETRIC: (photometric,)})
    got = rendered(data).convert("RGB").getpixel((0, 0))
    wanted = (165, 91, 171)  # Lab 50, 40, -30 under D50
    assert all(abs(a - b) <= 2 for a, b in zip(got, wanted, strict=True)), got  # type: ignore[arg-type]


def test_a_linear_profile_is_applied_without_bands(rendered: Render) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    linear = bytearray(profile)
    curve = struct.pack(">4sIHHi", b"para", 0, 0, 0, 65536)
    count = struct.unpack_from(">I", profile, 128)[0]
    for entry in range(count):
        kind, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * entry)
        if kind.endswith(b"TRC"):
            linear[offset : offset + len(curve)] = curve
            struct.pack_into(">I", linear, 132 + 12 * entry + 8, len(curve))
    image = Image.linear_gradient("L").convert("RGB")
    numbers = map(light, image.tobytes())
    data = stored(
        image,
        numbers,
        "f",
        {PHOTOMETRIC: (RGB,), 34675: tuple(struct.unpack(f"<{len(linear) // 4}I", linear))},
    )
    # The writer calls every tag a list of longs; a profile is one of bytes.
    at = data.index(struct.pack("<HHI", 34675, 4, len(linear) // 4))
    data = data[: at + 2] + struct.pack("<HI", 7, len(linear)) + data[at + 8 :]
    got = rendered(data).convert("L")
    assert max(abs(a - b) for a, b in zip(got.tobytes(), image.convert("L").tobytes(), strict=True)) <= 2


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({BITS: (24,), FORMAT: (FLOAT,)}, "24-bit floating-point gray"),
        ({BITS: (16,), PHOTOMETRIC: (3,)}, "16-bit palette"),
        ({BITS: (8, 8, 16), SAMPLES: (3,), PHOTOMETRIC: (RGB,)}, "8/8/16-bit RGB"),
        ({BITS: (16,) * 3, SAMPLES: (3,), PHOTOMETRIC: (6,)}, "16-bit YCbCr"),
        ({BITS: (8,) * 3, SAMPLES: (3,), PHOTOMETRIC: (10,)}, "8-bit ITU Lab"),
        ({BITS: (8,) * 3, SAMPLES: (3,), PHOTOMETRIC: (32845,)}, "8-bit LogLuv"),
        ({BITS: (64,), FORMAT: (6,)}, "64-bit complex gray"),
    ],
)
def test_what_is_not_taken_is_named(tags: dict[int, tuple[int, ...]], name: str) -> None:
    assert refusal(tiff(8, 8, bytes(8 * 8 * 16), tags)).startswith(f"A {name}")


def test_a_hole_in_floats_that_are_compressed_is_damage(samples: Path) -> None:
    data = (samples / "cases/float16-rgb-tiles-ok.tif").read_bytes()
    for place in range(1, 8):
        at = len(data) * place // 9
        with pytest.raises(ImageRejected, match=r"damaged|cut off"):
            render(
                data[:at] + bytes(64) + data[at + 64 :],
                Target("x", 32, 24, "contain", "center"),
                ("png",),
                Limits(),
            )


@pytest.mark.parametrize("name", ["float16-rgb-tiles-ok.tif", "logluv-ok.tif", "bigtiff-big-endian-ok.tif"])
def test_other_programs_files_show_their_photo(
    name: str, samples: Path, rendered: Render, alike: Compare
) -> None:
    photo = Image.open(samples / "cases/float16-rgb-tiles-ok.png")
    alike(rendered((samples / "cases" / name).read_bytes()), photo, 1.5)


@pytest.mark.parametrize("reduced", [False, True])
def test_a_preview_before_the_image_is_passed_over(reduced: bool, rendered: Render, alike: Compare) -> None:
    image, small = scene("RGB", (120, 80)), scene("RGB", (30, 20))
    options = {"tiffinfo": {254: 1}} if reduced else {}
    data = encoded(small, "TIFF", save_all=True, append_images=[image], **options)
    assert inspect(BytesIO(data), len(data), Limits()).width == 120
    alike(rendered(data), image, 0.5)


def test_of_a_scan_the_first_page_is_the_image(rendered: Render, alike: Compare) -> None:
    pages = [scene("RGB", size) for size in ((100, 80), (101, 80), (140, 110))]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    alike(rendered(data), pages[0], 0.5)


def test_pages_that_point_to_each_other_end() -> None:
    data = bytearray(encoded(scene(), "TIFF"))
    start = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, start)[0]
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    assert inspect(BytesIO(bytes(data)), len(data), Limits()).width == 96
