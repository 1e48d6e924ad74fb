"""Which rendition a reader gets: by a size's name or by width, and by the formats that its browser accepts."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from imageservice.core.errors import FormatUnavailable, RequestInvalid
from imageservice.core.formats import FALLBACK, FALLBACKS, FORMATS, MODERN
from imageservice.core.manifest import Manifest, Rendition

_MODERN_TYPES = tuple((FORMATS[name].media_type, name) for name in MODERN)
_FALLBACK_TYPES = (*(FORMATS[name].media_type for name in FALLBACKS), "image/*", "*/*")


class RenditionQuery(NamedTuple):
    """What a reader requests. `width` is in device pixels. Without `size` and `width`, it is the widest rendition."""

    size: str | None = None
    width: int | None = None
    format: str | None = None


@lru_cache(maxsize=256)
def preferred_formats(accept: str) -> tuple[str, ...]:
    """The modern formats that an `Accept` header puts before the fallback, best first.

    Only formats that are listed there by name, because clients that can't show them send `*/*` and `image/*`. A format
    comes before the fallback if its quality is at least that of the fallback's types; between equals, the smaller file
    wins (RFC 9110, section 12.5.1). The CloudFront Function in template.yaml applies the same rule, in JavaScript.
    """
    qualities = dict(_qualities(accept))
    fallback = max((qualities.get(name, 0.0) for name in _FALLBACK_TYPES), default=0.0)
    asked = [(qualities.get(media_type, 0.0), name) for media_type, name in _MODERN_TYPES]
    taken = [(quality, name) for quality, name in asked if quality > 0 and quality >= fallback]
    return tuple(name for _, name in sorted(taken, key=lambda each: -each[0]))


def _qualities(accept: str) -> Iterable[tuple[str, float]]:
    for part in accept.lower().split(","):
        name, *parameters = part.split(";")
        quality = 1.0
        for parameter in parameters:
            key, equals, value = parameter.partition("=")
            if equals and key.strip() == "q":
                quality = _quality(value.strip())
        yield name.strip(), quality


def _quality(text: str) -> float:
    """A quality value; 0 if invalid, so that a garbled header never gets a format that its client can't show."""
    digits = text.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()):
        return 0.0
    return min(float(text), 1.0)


def choose(manifest: Manifest, query: RenditionQuery, preferred: Sequence[str]) -> Rendition:
    """The best rendition for the query: of its size, or the narrowest that is at least as wide as requested.

    By width, only uncropped renditions are chosen, and the widest if none is wide enough. `preferred` are the formats
    to look for before the fallback. Raises RequestInvalid, FormatUnavailable.
    """
    sized = _of_size(manifest, query.size) if query.size is not None else _of_width(manifest, query.width)
    by_format = {rendition["format"]: rendition for rendition in sized}
    if query.format is not None and query.format != FALLBACK:
        if query.format not in by_format:
            raise FormatUnavailable(
                f"This image has no rendition in {query.format}; it has {', '.join(by_format)}."
            )
        return by_format[query.format]
    for name in () if query.format else preferred:
        if name in by_format:
            return by_format[name]
    return next((rendition for rendition in sized if rendition["format"] not in MODERN), sized[0])


def _of_size(manifest: Manifest, name: str) -> list[Rendition]:
    renditions = manifest["renditions"]
    aliases = manifest.get("aliases", {})
    actual = aliases.get(name, name)
    of_size = [rendition for rendition in renditions if rendition["size"] == actual]
    if not of_size:
        names = dict.fromkeys([*(rendition["size"] for rendition in renditions), *aliases])
        raise RequestInvalid(f"size must be one of {', '.join(names)} for this image.")
    return of_size


def _of_width(manifest: Manifest, width: int | None) -> list[Rendition]:
    best = None
    if width is not None:
        for rendition in manifest["renditions"]:
            enough = width <= rendition["width"]
            if (
                enough
                and (best is None or rendition["width"] < best["width"])
                and _whole(manifest, rendition)
            ):
                best = rendition
    if best is None:
        best = max(uncropped(manifest), key=lambda rendition: rendition["width"])
    return [each for each in manifest["renditions"] if each["size"] == best["size"]]


def uncropped(manifest: Manifest) -> list[Rendition]:
    """The renditions that show the whole image, judged by their aspect; all of them if every one is cropped."""
    renditions = manifest["renditions"]
    return [each for each in renditions if _whole(manifest, each)] or renditions


def _whole(manifest: Manifest, rendition: Rendition) -> bool:
    width, height = manifest["width"], manifest["height"]
    # Both sides are rounded to whole pixels, each by half a pixel at most.
    return abs(rendition["width"] * height - rendition["height"] * width) <= (width + height) / 2
