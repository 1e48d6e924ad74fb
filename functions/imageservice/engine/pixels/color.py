"""Any colors to sRGB in 8 bits.

Profiles are applied with the perceptual intent and black point compensation. As in browsers, a profile that is
damaged or of another color space than the pixels is ignored, and CMYK without a profile is converted by the simple
formula (1 - C) × (1 - K). PNG's gamma counts, as in browsers: docs/decisions.md.
"""

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from itertools import product
from typing import Any

from PIL import Image, ImageCms

from imageservice.engine.containers.header import Header
from imageservice.engine.pixels.icc_bounds import bounded
from imageservice.engine.pixels.icc_profile import D50_POINT, SRGB, Chromaticities, from_codes, from_gamma

_INTENT = ImageCms.Intent.PERCEPTUAL
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SPACES = {"RGB": ("RGB", "RGBA"), "GRAY": ("L", "LA"), "CMYK": ("CMYK",), "Lab": ("LAB",)}
_USUAL_GAMMA = 0.45455
_SAME_GAMMA = 0.05  # libpng's threshold, and so the browsers'
_SAME_POINT = 0.005
_SAME_VALUE = 1
# sRGB's level for half of all light is 188; a profile with a usual curve gives about 128 for the middle level.
_MIDDLE, _BRIGHT = 128, 170


def profile_of(info: Mapping[Any, Any], header: Header, mode: str) -> bytes | None:
    """The ICC profile of the pixels as the container gives it, or one made of its numbers; None for sRGB.

    The order is that of the PNG and AVIF specifications: CICP before ICC in PNG, ICC before CICP in AVIF and HEIC.
    """
    embedded = info.get("icc_profile")
    gray = mode in ("L", "LA")
    if header.cicp is not None and (header.format == "png" or not embedded):
        return from_codes(header.cicp[0], header.cicp[1], gray)
    if isinstance(embedded, bytes) and embedded:
        return embedded
    if "srgb" in info:
        return None
    return _from_png_numbers(info.get("gamma", 0.0), info.get("chromaticity"), gray)


def is_srgb(profile: bytes | None, mode: str) -> bool:
    """Whether the profile leaves numbers of this mode as they are: it is None, of no use, or sRGB's own."""
    return mode in ("L", "LA", "RGB", "RGBA") and (profile is None or _transform(profile, mode) is None)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The image (L, LA, RGB, RGBA, CMYK or LAB) as L, LA, RGB or RGBA in sRGB."""
    transform = _transform(profile, image.mode) if profile else None
    if image.mode == "LAB" and transform is None:
        transform = _lab()
    if transform is None:
        return image.convert("RGB") if image.mode == "CMYK" else image
    if image.mode == "LA":
        gray, alpha = image.split()
        converted = transform.apply(gray)
        converted.putalpha(alpha)
        return converted
    return transform.apply(image)


def primaries_of_light(profile: bytes) -> Chromaticities | None:
    """White and primaries of an RGB profile whose samples are light, as in files of floats; None for other profiles."""
    transform = _transform(profile, "RGB")
    if transform is None:
        return None
    middle = transform.apply(Image.new("RGB", (1, 1), (_MIDDLE,) * 3))
    stated = ImageCms.ImageCmsProfile(BytesIO(bounded(profile) or b"")).profile
    colorants = stated.red_colorant, stated.green_colorant, stated.blue_colorant
    points = [(point[1][0], point[1][1]) for point in colorants if point is not None]
    if min(middle.tobytes()) <= _BRIGHT or len(points) < len(colorants):
        return None
    # A profile's colorants are those under D50.
    return D50_POINT, points[0], points[1], points[2]


def _from_png_numbers(gamma: float, chromaticity: tuple[float, ...] | None, gray: bool) -> bytes | None:
    if not 0.01 < gamma < 100:
        return None
    points = SRGB
    if chromaticity is not None and len(chromaticity) == 8 and min(chromaticity[1::2]) > 0:
        given = tuple(zip(chromaticity[::2], chromaticity[1::2], strict=True))
        far = max(abs(a - b) for x, y in zip(given, SRGB, strict=True) for a, b in zip(x, y, strict=True))
        points = (given[0], given[1], given[2], given[3]) if far > _SAME_POINT else SRGB
    if points == SRGB and abs(gamma / _USUAL_GAMMA - 1) < _SAME_GAMMA:
        return None
    return from_gamma(gamma, points, gray)


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from the profile to sRGB; None where it can't be used on `mode`, or changes nothing."""
    readable = bounded(profile)
    if readable is None:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(readable))
        if mode not in _SPACES.get(source.profile.xcolor_space.strip(), ()):
            return None
        inside, outside = ("L", "RGB") if mode in ("L", "LA") else (mode, "RGBA" if mode == "RGBA" else "RGB")
        transform = ImageCms.ImageCmsTransform(source, _srgb(), inside, outside, _INTENT, flags=_FLAGS)
        return None if inside == outside and _changes_nothing(transform, inside) else transform
    # A damaged profile; ZeroDivisionError and the like can't come out of lcms2.
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    levels = range(0, 256, 15)
    probe = Image.frombytes(
        "RGB", (len(levels) ** 2, len(levels)), bytes(v for c in product(levels, repeat=3) for v in c)
    )
    probe = probe.convert(mode)
    pairs = zip(probe.tobytes(), transform.apply(probe).tobytes(), strict=True)
    return all(abs(a - b) <= _SAME_VALUE for a, b in pairs)


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@lru_cache(maxsize=1)
def _lab() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000))
    return ImageCms.ImageCmsTransform(lab, _srgb(), "LAB", "RGB", _INTENT, flags=_FLAGS)
