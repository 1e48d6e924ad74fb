"""The image formats: one row each, with all that the service knows about them.

To add a format, add it here, in the two JSON Schemas beside this file, in docs/openapi.yaml and, if it is a modern one,
in the CloudFront Function of template.yaml; tests/contract/test_formats.py fails until all of them agree. The engine
reads and writes its bytes.
"""

from dataclasses import dataclass
from typing import Final, Literal

from imageservice.core.errors import MediaTypeUnsupported


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    `name` is its name in manifests, plans and `?format=`, `label` is what people read, `aliases` are other accepted
    names. `extension` is that of a rendition's key.

    `role` is `modern` for a format that only some clients show, so that a client must name it in `Accept`; `fallback`
    for one that every client shows; None if no renditions are made in it. `alpha` and `animation` say whether its
    renditions can be transparent, and can be animated. `quality` is the encoder's default, 1 to 100; `small_quality`
    that of stills of fewer than SMALL_PIXELS, `large_quality` of LARGE_PIXELS and more. None if lossless, or the same.
    """

    name: str
    label: str
    media_type: str
    extension: str
    role: Literal["modern", "fallback"] | None = None
    alpha: bool = False
    animation: bool = False
    quality: int | None = None
    small_quality: int | None = None
    large_quality: int | None = None
    aliases: tuple[str, ...] = ()

    def quality_of(self, pixels: int) -> int | None:
        """The default quality of a still rendition with so many pixels; None if it is lossless."""
        if pixels < SMALL_PIXELS:
            return self.small_quality
        return self.large_quality if self.large_quality and pixels >= LARGE_PIXELS else self.quality


SMALL_PIXELS: Final = 200_000
"""Below this, at a width of 320 for instance, the same quality scores 3 to 5 points less by SSIMULACRA2."""

LARGE_PIXELS: Final = 2_000_000
"""From here on, a WebP of the same quality scores 2 to 6 points less than at a width of 640."""

# Modern formats, best first; then fallbacks, preferred ones first; then formats that are only uploaded. Any may be
# uploaded. AVIF can be animated, but encoding it takes minutes. PNG can be animated (APNG), but not in every client.
# GIF has one bit of alpha, so its renditions are flattened.
_ROWS: Final = (
    Format("avif", "AVIF", "image/avif", "avif", "modern", alpha=True, quality=64, small_quality=67),
    Format(
        "webp",
        "WebP",
        "image/webp",
        "webp",
        "modern",
        alpha=True,
        animation=True,
        quality=84,
        small_quality=86,
        large_quality=88,
    ),
    Format("jpeg", "JPEG", "image/jpeg", "jpg", "fallback", quality=82, small_quality=84, aliases=("jpg",)),
    Format("png", "PNG", "image/png", "png", "fallback", alpha=True),
    Format("gif", "GIF", "image/gif", "gif", "fallback", animation=True),
    Format("heic", "HEIC", "image/heic", "heic", aliases=("heif",)),
    Format("tiff", "TIFF", "image/tiff", "tiff", aliases=("tif",)),
    Format("bmp", "BMP", "image/bmp", "bmp"),
)

FORMATS: Final = {row.name: row for row in _ROWS}
"""Every format by its name: `FORMATS["jpeg"].media_type`."""

MODERN: Final = tuple(row.name for row in _ROWS if row.role == "modern")
FALLBACKS: Final = tuple(row.name for row in _ROWS if row.role == "fallback")
RENDITION_FORMATS: Final = (*MODERN, *FALLBACKS)

FALLBACK: Final = "fallback"
"""In a plan and in `?format=`: whichever fallback the image has."""

_BY_ANY_NAME: Final = {name: row for row in _ROWS for name in (row.name, *row.aliases)}


def format_named(name: str) -> Format | None:
    """The format with this name or alias: `jpg` is jpeg."""
    return _BY_ANY_NAME.get(name)


def format_of_media_type(media_type: str) -> Format | None:
    """The format of `image/jpeg`, or of an alias of it such as `image/jpg`. Parameters are not expected."""
    kind, _, name = media_type.partition("/")
    return _BY_ANY_NAME.get(name) if kind == "image" else None


def check_media_type(content_type: str) -> str:
    """The media type in a Content-Type, in lower case and without parameters. Raises MediaTypeUnsupported.

    It only says what may be sent; the image's bytes decide its format.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if format_of_media_type(media_type) is None:
        known = ", ".join(row.media_type for row in _ROWS)
        raise MediaTypeUnsupported(f"The content type {content_type[:100]!r} is not one of {known}.")
    return media_type


def format_of_extension(extension: str) -> Format | None:
    """The format of renditions with this extension, without the dot."""
    return next((row for row in _ROWS if row.role is not None and row.extension == extension), None)


def fallback_for(*, alpha: bool, animated: bool) -> str:
    """The first fallback that can hold such an image. Animation comes before alpha: no fallback has both."""
    return next(
        name
        for name in FALLBACKS
        if (FORMATS[name].animation if animated else FORMATS[name].alpha or not alpha)
    )


def accepted_labels() -> str:
    """What may be uploaded, the best known first: "JPEG, PNG, … or BMP"."""
    known_first = sorted(_ROWS, key=lambda row: ("fallback", "modern", None).index(row.role))
    *labels, last = (row.label for row in known_first)
    return f"{', '.join(labels)} or {last}"
