"""Bytes in, renditions of one size out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from time import perf_counter
from types import MappingProxyType
from typing import NamedTuple

from PIL import Image

from imageservice.core.formats import FALLBACK, FORMATS, fallback_for
from imageservice.core.limits import Limits
from imageservice.core.manifest import Search
from imageservice.core.rendition_plan import SMART, Light, Quality, Size, Target, fitted
from imageservice.engine.containers.bounded_file import BoundedFile, decoding
from imageservice.engine.containers.header import Header
from imageservice.engine.decode import Pixels, decode_still, fit
from imageservice.engine.decode_animation import decode_frames
from imageservice.engine.encode import encode
from imageservice.engine.encode_animation import RenderedFrame, encode_animation
from imageservice.engine.inspection import displayed_size, read_header
from imageservice.engine.own_rights import own_rights
from imageservice.engine.own_size import no_larger_than_original
from imageservice.engine.pixels.alpha import flattened, is_transparent, without_alpha
from imageservice.engine.pixels.color import is_srgb, to_srgb
from imageservice.engine.placeholder import dominant_color, placeholder
from imageservice.engine.rights import with_rights

_PREVIEW = 64
NO_RIGHTS: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True)
class Encoded:
    """One rendition; `format` is avif, webp, jpeg, png or gif. `milliseconds` is how long its encoding took.

    `search` is there if the quality was to be found.
    """

    format: str
    width: int
    height: int
    data: bytes
    milliseconds: float = field(default=0.0, compare=False)
    search: Search | None = None


@dataclass(frozen=True)
class Rendered:
    """The renditions of one size; preview (a data URI of at most 400 bytes) and color ("#rrggbb") if asked.

    `alpha` is whether any pixel of the original, in any frame, is less than opaque: the same at every size.
    """

    images: tuple[Encoded, ...]
    alpha: bool
    placeholder: str | None
    color: str | None


def render(
    data: bytes,
    target: Target,
    formats: Sequence[str],
    limits: Limits,
    quality: Mapping[str, Quality] | None = None,
    describe: bool = False,
    light: Light = "linear",
    rights: Mapping[str, str | None] = NO_RIGHTS,
) -> Rendered:
    """The image in `data` at the target's size, decoded once, in each of `formats`: upright, in sRGB, without metadata.

    Except `rights`: `copyright` and `credit`, which each rendition then says; None stands for the original's own.

    The format `fallback` is gif for a moving image, png where any pixel of the original is transparent, else jpeg. A
    moving image moves in webp and gif; any other format shows its first frame. The same arguments give the same
    bytes, unless the time for a search of quality is up. A moving image gets the default quality instead of a target.
    Raises ImageRejected, with a plain reason, for data that are no image, that are damaged or cut off, or that
    are beyond the limits.
    """
    file = BoundedFile(BytesIO(data), len(data), limits)
    header = read_header(file)
    with decoding(FORMATS[header.format].label, file):
        original = _decoded(file, header, target, light)
    fallback = fallback_for(alpha=original.alpha, animated=header.frames > 1)
    names = [fallback if name == FALLBACK else name for name in formats]
    images = tuple(_encoded(original, file, header, name, target, quality or {}, limits) for name in names)
    if rights:
        own = own_rights(data, file, header) if None in rights.values() else {}
        said = {name: text or own.get(name, "") for name, text in rights.items()}
        images = tuple(
            _with_rights(each, {name: text for name, text in said.items() if text}) for each in images
        )
    if not describe:
        return Rendered(images, original.alpha, None, None)
    # Not from the rendition: the smallest one may show only a part, and the preview shows the whole image.
    preview = _finished(original.first, header, _whole(header), light)
    return Rendered(images, original.alpha, placeholder(preview), dominant_color(preview))


def _with_rights(image: Encoded, rights: Mapping[str, str]) -> Encoded:
    return replace(image, data=with_rights(image.data, image.format, (image.width, image.height), rights))


class _Decoded(NamedTuple):
    """The first frame's pixels as they are stored, every frame as the target shows it, and whether any of the stored
    pixels is transparent."""

    first: Pixels
    frames: list[RenderedFrame]
    alpha: bool


def _decoded(file: BoundedFile, header: Header, target: Target, light: Light) -> _Decoded:
    if header.frames == 1:
        first = decode_still(file, header, target, light)
        target = _aimed(target, first, header)
        alpha = is_transparent(first.image)
        finished = _finished(first, header, target, light)
        return _Decoded(first, [RenderedFrame(finished if alpha else without_alpha(finished))], alpha)
    decoded = decode_frames(file, header)
    frame = next(decoded)
    first, alpha = frame.pixels, is_transparent(frame.pixels.image)
    target = _aimed(target, first, header)
    frames = [RenderedFrame(_finished(first, header, target, light), frame.duration)]
    for frame in decoded:
        alpha = alpha or is_transparent(frame.pixels.image)
        frames.append(RenderedFrame(_finished(frame.pixels, header, target, light), frame.duration))
    return _Decoded(first, frames, alpha)


def _encoded(
    original: _Decoded,
    file: BoundedFile,
    header: Header,
    format: str,
    target: Target,
    quality: Mapping[str, Quality],
    limits: Limits,
) -> Encoded:
    begin = perf_counter()
    asked, search = quality.get(format), None
    fixed = {format: asked} if isinstance(asked, int) else {}
    if isinstance(asked, Mapping) and len(original.frames) == 1:
        data, search = _sought(original, format, asked["target"], limits)
    else:
        data = _data(original.frames, header.loops, format, fixed)
    if format == header.format and _shows_all(header, target, format):
        used = search.get("quality") if search else fixed.get(format)
        bounded = no_larger_than_original(
            data,
            file,
            header,
            _is_shown_as_stored(original, header),
            used or FORMATS[format].quality_of(target.width * target.height),
            lambda lower: _data(original.frames, header.loops, format, {format: lower}),
        )
        if search and bounded is not data:
            search = Search(target=search["target"], outcome="original")
        data = bounded
    return Encoded(format, target.width, target.height, data, (perf_counter() - begin) * 1000, search)


def _sought(original: _Decoded, format: str, target: int, limits: Limits) -> tuple[bytes, Search]:
    # Not at the top: only plans with a target for quality need it.
    from imageservice.engine.quality_search import encode_to_target

    return encode_to_target(original.frames[0].image, format, target, limits.max_search_seconds)


def _data(frames: Sequence[RenderedFrame], loops: int, format: str, quality: Mapping[str, int]) -> bytes:
    if len(frames) > 1 and FORMATS[format].animation:
        return encode_animation(frames, loops, format, quality)
    return encode(frames[0].image, format, quality)


def _shows_all(header: Header, target: Target, format: str) -> bool:
    """Whether the rendition has all of the original's pixels and frames."""
    moves_alike = header.frames == 1 or FORMATS[format].animation
    return moves_alike and displayed_size(header) == (target.width, target.height)


def _is_shown_as_stored(original: _Decoded, header: Header) -> bool:
    """Whether the rendition's pixels are those of the file: not cropped or turned, and in sRGB."""
    stored = original.first
    upright = header.orientation == 1 and header.crop is None
    return upright and is_srgb(stored.profile, stored.image.mode)


def _finished(pixels: Pixels, header: Header, target: Target, light: Light) -> Image.Image:
    """What the target shows of the pixels: upright, of its size, in sRGB, and nothing else."""
    image = to_srgb(fit(pixels, header, target, light), pixels.profile)
    image.info = {}
    return image


def _aimed(target: Target, first: Pixels, header: Header) -> Target:
    """The target with a focal point in place of `smart`: where the first frame, seen small, shows most."""
    if target.gravity != SMART:
        return target
    # Not at the top: other plans never need NumPy for it.
    from imageservice.engine.smart.aim import aimed, look_size

    seen = Target("seen", *look_size(*displayed_size(header)), "contain", "center")
    return aimed(target, flattened(_finished(first, header, seen, "gamma")).convert("RGB"))


def _whole(header: Header) -> Target:
    """All of the image, at most 64 pixels wide and high."""
    width, height = fitted(Size("whole", _PREVIEW, _PREVIEW), *displayed_size(header))
    return Target("whole", width, height, "contain", "center")
