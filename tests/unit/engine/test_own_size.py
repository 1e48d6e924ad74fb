"""At the original's own size, a rendition in the original's format has no more bytes, and is still right.

Its own coded pixels are taken where they show the same; else it is encoded again, lower.
"""

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_scenes import Compare, encoded, exif, scene, stored_in
from PIL import Image, ImageChops, ImageCms, ImageSequence

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Plan, Size
from imageservice.engine.inspection import inspect
from imageservice.engine.pixels.icc_profile import from_codes
from imageservice.engine.render import render

SIZE = (180, 120)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret/></x:xmpmeta>'
DISPLAY_P3, SRGB = (from_codes(primaries, 13, gray=False) for primaries in (12, 1))
# Low quality, so that the engine's own would be larger.
STILLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": ("JPEG", "RGB", {"quality": 15}),
    "gray JPEG": ("JPEG", "L", {"quality": 15}),
    "WebP": ("WEBP", "RGB", {"quality": 5, "method": 6}),
    "WebP with alpha": ("WEBP", "RGBA", {"quality": 5, "method": 6}),
    "lossless WebP": ("WEBP", "RGBA", {"lossless": True, "method": 6}),
    "AVIF": ("AVIF", "RGB", {"quality": 12, "speed": 4}),
    "AVIF with alpha": ("AVIF", "RGBA", {"quality": 12, "speed": 4}),
    "PNG": ("PNG", "RGBA", {"optimize": True}),
}
each_still = pytest.mark.parametrize("kind", STILLS)
_LOSSY = [kind for kind, (_, _, options) in STILLS.items() if "quality" in options]
each_lossy = pytest.mark.parametrize("kind", _LOSSY)
each_colored = pytest.mark.parametrize("kind", [kind for kind in _LOSSY if STILLS[kind][1] != "L"])


def photo(mode: str) -> Image.Image:
    """A scene with noise, which costs bytes."""
    drawn = scene("RGB", SIZE)
    noise = np.random.default_rng(7).integers(-25, 25, (*SIZE[::-1], 3))
    noisy = Image.fromarray((np.asarray(drawn).astype(int) + noise).clip(0, 255).astype(np.uint8))
    if mode == "RGBA":
        noisy.putalpha(Image.linear_gradient("L").resize(SIZE))
    return noisy.convert(mode)


def made(data: bytes, format: str) -> bytes:
    original = inspect(BytesIO(data), len(data), Limits())
    target = Plan((Size("x", 9_999),), ("fallback",)).targets(original)[0]
    (image,) = render(data, target, [format], Limits()).images
    return image.data


def check_no_metadata(data: bytes) -> None:
    for mark in (
        b"Exif",
        b"EXIF",
        b"xmp",
        b"XMP",
        b"GPS",
        b"secret",
        b"ICCP",
        b"iCCP",
        b"ICC_PROFILE",
        b"prof",
        b"Camera",
    ):
        assert mark not in data, mark
    with Image.open(BytesIO(data)) as opened:
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(opened.info)


@each_still
def test_the_original_s_own_pixels_are_taken_without_its_metadata(kind: str) -> None:
    container, mode, options = STILLS[kind]
    profile = {} if mode == "L" else {"icc_profile": SRGB}
    picture = photo(mode) if "quality" in options else scene(mode, SIZE).quantize(60).convert(mode)
    data = encoded(picture, container, exif=exif(1), xmp=XMP, **profile, **options)
    assert XMP in data or container == "PNG"
    rendition = made(data, container.lower())
    assert len(rendition) <= len(data)
    check_no_metadata(rendition)
    before, after = (Image.open(BytesIO(each)).convert("RGBA") for each in (data, rendition))
    assert ImageChops.difference(before, after).getbbox(alpha_only=False) is None
    assert made(rendition, container.lower()) == rendition


@each_lossy
def test_a_turned_original_is_encoded_lower(kind: str, alike: Compare) -> None:
    container, mode, options = STILLS[kind]
    data = encoded(stored_in(photo(mode), 6), container, exif=exif(6), **options)
    rendition = made(data, container.lower())
    assert len(rendition) <= len(data)
    check_no_metadata(rendition)
    alike(Image.open(BytesIO(rendition)), photo(mode), 16)  # measured: 7 to 13, of which noise is 11


@each_colored
def test_a_wide_gamut_original_is_converted_and_encoded_lower(kind: str, alike: Compare) -> None:
    container, mode, options = STILLS[kind]
    data = encoded(photo(mode), container, icc_profile=DISPLAY_P3, **options)
    rendition = made(data, container.lower())
    assert len(rendition) <= len(data)
    check_no_metadata(rendition)
    p3 = ImageCms.ImageCmsProfile(BytesIO(DISPLAY_P3 or b""))
    wanted = ImageCms.profileToProfile(photo("RGB"), p3, ImageCms.createProfile("sRGB"))
    assert wanted is not None
    if mode == "RGBA":
        wanted.putalpha(photo(mode).getchannel("A"))
    alike(Image.open(BytesIO(rendition)), wanted, 16)


def frames(count: int = 6) -> list[Image.Image]:
    moving = []
    for number in range(count):
        frame = photo("RGB")
        frame.paste((250, 20, 20), (20 * number, 30, 20 * number + 30, 70))
        moving.append(frame)
    return moving


def gif() -> bytes:
    first, *others = (frame.quantize(24) for frame in frames())
    return encoded(
        first,
        "GIF",
        save_all=True,
        append_images=others,
        duration=[50, 70] * 3,
        loop=2,
        comment=b"secret GPS",
    )


def webp(**options: Any) -> bytes:
    first, *others = frames()
    return encoded(
        first,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=[50, 70] * 3,
        loop=2,
        quality=5,
        **options,
    )


def shown(data: bytes) -> Sequence[tuple[bytes, int]]:
    """Each frame's pixels as a person sees them, and for how long."""
    with Image.open(BytesIO(data)) as moving:
        return [
            (frame.convert("RGBA").tobytes(), frame.info["duration"])
            for frame in ImageSequence.Iterator(moving)
        ]


@pytest.mark.parametrize("make", [gif, partial(webp, exif=exif(1), xmp=XMP, icc_profile=SRGB)])
def test_a_moving_original_keeps_its_frames_times_and_loops(make: Callable[[], bytes]) -> None:
    data = make()
    rendition = made(data, inspect(BytesIO(data), len(data), Limits()).format)
    assert len(rendition) <= len(data)
    check_no_metadata(rendition)
    assert shown(rendition) == shown(data)
    with Image.open(BytesIO(data)) as before, Image.open(BytesIO(rendition)) as after:
        assert before.info["loop"] == after.info["loop"]


def test_a_moving_wide_gamut_original_is_converted_and_encoded_lower() -> None:
    data = webp(icc_profile=DISPLAY_P3)
    rendition = made(data, "webp")
    assert len(rendition) <= len(data)
    check_no_metadata(rendition)
    with Image.open(BytesIO(rendition)) as moving:
        red, green, _ = moving.convert("RGB").getpixel((15, 50))  # type: ignore[misc]
    assert red >= 245  # P3's red is outside sRGB
    assert green <= 20


@pytest.mark.parametrize("name", ["cases/flat-ui-animation.gif", "text-11frames.gif", "gears-101frames.webp"])
def test_moving_samples_have_no_more_bytes_in_their_own_format(name: str, samples: Path) -> None:
    data = (samples / name).read_bytes()
    assert len(made(data, name.rpartition(".")[2])) <= len(data)


def test_a_jpeg_that_only_its_exif_turns_is_never_passed_through() -> None:
    """The rotation is in what is taken away."""
    data = encoded(stored_in(photo("RGB"), 8), "JPEG", exif=exif(8), quality=15)
    with Image.open(BytesIO(made(data, "jpeg"))) as opened:
        assert opened.size == SIZE
