"""Any colours to sRGB in 8 bits.

Profiles are applied with the perceptual intent and black point compensation; a profile of another colour space than the
pixels', or one that can't be read, is ignored, as browsers do. CMYK without a profile is converted by the plain formula
that browsers use.
"""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms

_INTENT = ImageCms.Intent.PERCEPTUAL
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SPACES = {"RGB": ("RGB", "RGBA"), "GRAY": ("L", "LA"), "CMYK": ("CMYK",), "Lab": ("LAB",)}


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The image (L, LA, RGB, RGBA, CMYK or LAB) as L, LA, RGB or RGBA in sRGB."""
    transform = _transform(profile, image.mode) if profile else None
    if image.mode == "LAB" and transform is None:
        transform = _lab()
    if transform is not None:
        if image.mode == "LA":
            gray, alpha = image.split()
            converted = transform.apply(gray)
            converted.putalpha(alpha)
            return converted
        return transform.apply(image)
    return image.convert("RGB") if image.mode in ("CMYK", "YCbCr") else image


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if mode not in _SPACES.get(source.profile.xcolor_space.strip(), ()):
            return None
        inside, outside = ("L", "RGB") if mode in ("L", "LA") else (mode, "RGBA" if mode == "RGBA" else "RGB")
        return ImageCms.ImageCmsTransform(source, _srgb(), inside, outside, _INTENT, flags=_FLAGS)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@lru_cache(maxsize=1)
def _lab() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000))
    return ImageCms.ImageCmsTransform(lab, _srgb(), "LAB", "RGB", _INTENT, flags=_FLAGS)
