"""Bytes in, renditions of one size out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from imageservice.engine.colour import to_srgb
from imageservice.engine.decode import decode_still
from imageservice.engine.encode import encode
from imageservice.engine.inspection import read_header
from imageservice.engine.placeholder import dominant_colour, placeholder
from imageservice.engine.source import Source
from imageservice.original import Limits
from imageservice.plan import Target


@dataclass(frozen=True)
class Encoded:
    """One rendition; `format` is avif, webp, jpeg, png or gif."""

    format: str
    width: int
    height: int
    data: bytes


@dataclass(frozen=True)
class Rendered:
    """The renditions of one size; the preview (a data URI of at most 400 bytes) and the colour ("#rrggbb") if asked."""

    images: tuple[Encoded, ...]
    placeholder: str | None
    color: str | None


def render(
    data: bytes,
    target: Target,
    formats: Sequence[str],
    limits: Limits,
    quality: Mapping[str, int] | None = None,
    describe: bool = False,
) -> Rendered:
    """The image in `data` at the target's size, decoded once, in each of `formats`: upright, in sRGB, without metadata.

    The same arguments give the same bytes. Raises ImageRejected, with a plain reason, for data that are no image, that
    are damaged or cut off, or that are beyond the limits.
    """
    source = Source(BytesIO(data), len(data), limits.max_decode_seconds)
    header = read_header(source, limits)
    image, profile = decode_still(source, header, target)
    image = to_srgb(image, profile)
    images = tuple(
        Encoded(name, target.width, target.height, encode(image, name, quality or {})) for name in formats
    )
    return Rendered(
        images,
        placeholder(image) if describe else None,
        dominant_colour(image) if describe else None,
    )
