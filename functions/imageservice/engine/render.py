"""Bytes in, renditions of one size out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from time import perf_counter

from PIL import Image

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Size, Target, fitted
from imageservice.engine.containers.bounded_file import Source
from imageservice.engine.containers.header import Header
from imageservice.engine.decode import Pixels, decode_still, fit
from imageservice.engine.decode_animation import Shown, frames
from imageservice.engine.encode import encode
from imageservice.engine.encode_animation import encode_moving
from imageservice.engine.inspection import read_header, shown_size
from imageservice.engine.pixels.color import to_srgb
from imageservice.engine.placeholder import dominant_colour, placeholder

_PREVIEW = 64


@dataclass(frozen=True)
class Encoded:
    """One rendition; `format` is avif, webp, jpeg, png or gif. `milliseconds` is how long its encoding took."""

    format: str
    width: int
    height: int
    data: bytes
    milliseconds: float = field(default=0.0, compare=False)


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

    A moving image moves in webp and gif; any other format shows its first frame. The same arguments give the same
    bytes. Raises ImageRejected, with a plain reason, for data that are no image, that are damaged or cut off, or that
    are beyond the limits.
    """
    source = Source(BytesIO(data), len(data), limits.max_decode_seconds)
    header = read_header(source, limits)
    if header.frames == 1:
        pixels = decode_still(source, header, target)
        shown = [Shown(_finished(pixels, header, target), 0)]
    else:
        shown = []
        for number, frame in enumerate(frames(source, header)):
            if number == 0:
                pixels = Pixels(frame.image.copy(), frame.profile)
            moving = Pixels(frame.image, frame.profile)
            shown.append(Shown(_finished(moving, header, target), frame.duration))
    first = shown[0].image
    images = []
    for name in formats:
        begin = perf_counter()
        if len(shown) > 1 and name in ("webp", "gif"):
            encoded = encode_moving(shown, header.loops, name, quality or {})
        else:
            encoded = encode(first, name, quality or {})
        took = (perf_counter() - begin) * 1000
        images.append(Encoded(name, target.width, target.height, encoded, took))
    if not describe:
        return Rendered(tuple(images), None, None)
    # Not from the rendition: the smallest one may show a part only, the preview stands for all of the image.
    preview = _finished(pixels, header, _whole(header))
    return Rendered(tuple(images), placeholder(preview), dominant_colour(preview))


def _finished(pixels: Pixels, header: Header, target: Target) -> Image.Image:
    """What the target shows of the pixels: upright, of its size, in sRGB, and nothing else."""
    image = to_srgb(fit(pixels, header, target), pixels.profile)
    image.info = {}
    return image


def _whole(header: Header) -> Target:
    """All of the image, at most 64 pixels wide and high."""
    width, height = fitted(Size("whole", _PREVIEW, _PREVIEW), *shown_size(header))
    return Target("whole", width, height, "contain", "center")
