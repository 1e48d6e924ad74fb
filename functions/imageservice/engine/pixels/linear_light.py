"""Shrinking in linear light: pixels are mixed as the light that they stand for, not as the numbers that encode it.

Fine dots of black and white become the gray that an eye sees from afar, 188 in sRGB. Mixing the numbers gives 128, with
43 % of that light. Resizing is done by matrix products over a few rows at a time.

Sources: the filters are those of Pillow's Resample.c, sRGB's curve is that of IEC 61966-2-1.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from imageservice.engine.pixels.color import to_srgb
from imageservice.engine.pixels.geometry import Box

if TYPE_CHECKING:
    from numpy import complex64, float32, uint8
    from numpy.typing import NDArray

    Floats = NDArray[float32]
    Pairs = NDArray[complex64]
    Numbers = NDArray[uint8]

MODES = ("L", "LA", "RGB", "RGBA", "CMYK")
"""The modes whose numbers encode light."""

# Lanczos puts less than no light beside what is bright, which comes out as black. To lone stars that adds 12 to 41 % of
# the light, to white text on black 5 to 9 %, to photos, screenshots and logos 2 % at most. Beyond this share, a filter
# without such lobes is used.
_MOST_CLIPPED = 0.1
# Of wide images, about so many columns are looked at for it, evenly spread.
_SEEN_COLUMNS = 500
# Rows and columns of the result that one product makes. With more, more of the weights are 0.
_ROWS, _COLUMNS = 8, 16
# How many of the numbers of the image are light at a time: 2 MB, which a processor's cache holds.
_BAND_SAMPLES, _LEAST_ROWS = 500_000, 16
# How many parts' rows are narrowed at once, and how many numbers: products of few columns are slow.
_MOST_PARTS, _NARROWED_SAMPLES = 8, 1_000_000
_STEPS = 65_535
_MIDDLE = 128
_WITH_ALPHA, _WITHOUT_ALPHA = ("LA", "RGBA"), {"LA": "L", "RGBA": "RGB"}
_EXPONENTS = (0.25, 4.0)
_LEAST_ALPHA = 1 / 510


class _Weights(NamedTuple):
    """What results, one a row of `shares`, take of the inputs from `begin` to `end`. Each row adds up to 1."""

    begin: int
    end: int
    shares: "Floats"


class _Filter(NamedTuple):
    """How far a filter reaches, in pixels of the larger kind, and what a place at a distance gives."""

    reach: float
    share: "Callable[[NDArray[np.float64]], NDArray[np.float64]]"


class _Curve(NamedTuple):
    """The light of each pair of numbers, looked up in half the time; and the number of each step of light."""

    light: "Pairs"
    numbers: "Numbers"


_LANCZOS = _Filter(3.0, lambda away: np.sinc(away) * np.sinc(away / 3))
_HAMMING = _Filter(1.0, lambda away: np.sinc(away) * (0.54 + 0.46 * np.cos(np.pi * away)))


def resize_linear(
    image: Image.Image,
    size: tuple[int, int],
    box: Box,
    profile: bytes | None,
    numbers: "Numbers | None" = None,
) -> Image.Image:
    """`box` of the image, in one of MODES, at `size`. `profile` is None for sRGB.

    `numbers` are the image's, rows × columns × channels, if they are at hand.

    By Lanczos; by Hamming, which is softer, where Lanczos would add light around stars on black. Colors count as much
    as they are opaque, so that none bleeds out of transparent pixels.
    """
    curve = _curve(_exponent(profile, image.mode), inverted=image.mode == "CMYK")
    source = _Source(image, numbers)
    resized, clipped = _resized(source, size, box, curve, _LANCZOS)
    return resized if clipped <= _MOST_CLIPPED else _resized(source, size, box, curve, _HAMMING)[0]


class _Source(NamedTuple):
    """An image, and its numbers if they are at hand."""

    image: Image.Image
    numbers: "Numbers | None"

    def band(self, left: int, top: int, right: int, bottom: int) -> "Numbers":
        """A part's numbers, one after the other."""
        if self.numbers is not None:
            return self.numbers[top:bottom, left:right].reshape(-1)
        return np.frombuffer(self.image.crop((left, top, right, bottom)).tobytes(), np.uint8)


def _resized(
    source: _Source, size: tuple[int, int], box: Box, curve: _Curve, filter: _Filter
) -> tuple[Image.Image, float]:
    """The resized image, and about how much light below black the filter made, as a share of all light that is left."""
    image = source.image
    across = _weights(image.width, size[0], box[0], box[2], filter, _COLUMNS)
    down = _weights(image.height, size[1], box[1], box[3], filter, _ROWS)
    left, right = across[0].begin, across[-1].end
    colors = len(image.getbands()) - (image.mode in _WITH_ALPHA)
    result = np.empty((size[1], size[0], len(image.getbands())), np.uint8)
    top, below, total = 0, 0.0, 0.0
    for rows in _shrunk_down(source, (left, right), down, curve.light):
        columns = rows.reshape(len(rows), -1)
        products = np.empty((size[0], columns.shape[1]), np.float32)
        for number, part in enumerate(across):
            to = products[number * _COLUMNS : (number + 1) * _COLUMNS]
            np.matmul(part.shares, columns[part.begin - left : part.end - left], out=to)
        _, channels, height = rows.shape
        shrunk = products.reshape(size[0], channels, height)
        seen = shrunk[:: 1 + size[0] // _SEEN_COLUMNS, :colors]
        total += float(seen.sum())
        below -= float(np.minimum(seen, 0).sum())
        bottom = top + height
        result[top:bottom] = _encoded(shrunk, image.mode, curve.numbers).transpose(2, 0, 1)
        top = bottom
    resized = Image.frombuffer(image.mode, size, result, "raw", image.mode, 0, 1)
    return resized, below / max(total, 1e-9)


def _shrunk_down(
    source: _Source, columns: tuple[int, int], parts: Sequence[_Weights], light: "Pairs"
) -> "Iterator[Floats]":
    """The result's rows, still of the image's width, those of some parts at a time: columns × channels × rows.

    The image is read once, in bands, and each part adds up what it takes of them: the fewer rows the result has, the
    more of the image a part needs. Rows come last, because the next product then needs no transposition.
    """
    mode = source.image.mode
    channels = len(source.image.getbands())
    samples = (columns[1] - columns[0]) * channels
    height = max(_LEAST_ROWS, _BAND_SAMPLES // samples)
    together = min(max(1, _NARROWED_SAMPLES // (samples * _ROWS)), _MOST_PARTS)
    sums: dict[int, Floats] = {}
    done: list[Floats] = []
    first, end = 0, parts[-1].end
    for top in range(parts[0].begin, end, height):
        bottom = min(top + height, end)
        numbers = source.band(columns[0], top, columns[1], bottom)
        band = _light_of(numbers, mode, light).reshape(-1, samples)
        for place in range(first, len(parts)):
            part = parts[place]
            if part.begin >= bottom:
                break
            upper, lower = max(top, part.begin), min(bottom, part.end)
            share = part.shares[:, upper - part.begin : lower - part.begin] @ band[upper - top : lower - top]
            sums[place] = sums[place] + share if place in sums else share
        while first < len(parts) and parts[first].end <= bottom:
            done.append(sums.pop(first))
            first += 1
            if len(done) == together or first == len(parts):
                rows = np.concatenate(done)
                yield np.ascontiguousarray(rows.T).reshape(-1, channels, len(rows))
                done = []


def _light_of(numbers: "Numbers", mode: str, light: "Pairs") -> "Floats":
    """The light of each number, and where there is alpha, that share of it, and the alpha."""
    even = numbers if len(numbers) % 2 == 0 else np.append(numbers, np.uint8(0))
    found = light.take(even.view("<u2")).view(np.float32)[: len(numbers)]
    if mode in _WITH_ALPHA:
        channels = len(mode)
        alpha = numbers[channels - 1 :: channels] * np.float32(1 / 255)
        # Channel by channel: one product over all of them takes four times as long.
        for channel in range(channels - 1):
            found[channel::channels] *= alpha
        found[channels - 1 :: channels] = alpha
    return found


def _encoded(shrunk: "Floats", mode: str, numbers: "Numbers") -> "Numbers":
    """Light, columns × channels × rows, as the numbers that stand for it. Overwrites the light."""
    if mode not in _WITH_ALPHA:
        return numbers.take(_in_steps(shrunk, _STEPS))
    alpha = shrunk[:, -1:]
    colors = np.divide(shrunk[:, :-1], alpha, where=alpha > _LEAST_ALPHA, out=np.zeros_like(shrunk[:, :-1]))
    return np.concatenate(
        [numbers.take(_in_steps(colors, _STEPS)), _in_steps(alpha, 255).astype(np.uint8)], axis=1
    )


def _in_steps(values: "Floats", steps: int) -> "NDArray[np.uint16]":
    values *= steps
    values += np.float32(0.5)
    return values.clip(0.5, steps, out=values).astype(np.uint16)


def _weights(
    inputs: int, results: int, low: float, high: float, filter: _Filter, step: int
) -> list[_Weights]:
    """The weights of `results` places spread over the inputs from `low` to `high`, `step` of them at a time."""
    scale = (high - low) / results
    reach = filter.reach * max(scale, 1.0)
    centers = low + (np.arange(results) + 0.5) * scale
    begins = np.maximum(0, (centers - reach + 0.5).astype(int))
    ends = np.minimum(inputs, (centers + reach + 0.5).astype(int))
    most = int((ends - begins).max())
    places = begins[:, None] + np.arange(most)
    shares = filter.share((places + 0.5 - centers[:, None]) / max(scale, 1.0))
    shares[places >= ends[:, None]] = 0
    shares /= shares.sum(1, keepdims=True)
    starts = np.arange(0, results, step)
    firsts, lasts = begins[starts], ends[np.minimum(starts + step, results) - 1]
    spread = np.zeros((results, int((lasts - firsts).max()) + most), np.float32)
    np.put_along_axis(spread, places - firsts.repeat(step)[:results, None], shares, axis=1)
    return [
        _Weights(int(first), int(last), spread[start : start + step, : last - first])
        for start, first, last in zip(starts, firsts, lasts, strict=True)
    ]


@lru_cache(maxsize=32)
def _exponent(profile: bytes | None, mode: str) -> float | None:
    """The power of a number, 0 to 1, that is its light: by the profile's middle gray. None for sRGB's own curve, which
    most profiles have, or nearly. Ink is taken for sRGB turned around."""
    if profile is None or mode == "CMYK":
        return None
    gray = Image.new(
        _WITHOUT_ALPHA.get(mode, mode), (1, 1), _MIDDLE if mode in ("L", "LA") else (_MIDDLE,) * 3
    )
    shown = to_srgb(gray, profile).convert("L").tobytes()[0]
    if shown == _MIDDLE:
        return None
    exponent = log(srgb_light()[min(max(shown, 1), 254)]) / log(_MIDDLE / 255)
    return min(max(exponent, _EXPONENTS[0]), _EXPONENTS[1])


@lru_cache(maxsize=8)
def _curve(exponent: float | None, inverted: bool) -> _Curve:
    levels, steps = np.arange(256) / 255, np.arange(_STEPS + 1) / _STEPS
    if exponent is None:
        light, encoded = (
            srgb_light(),
            np.where(steps <= 0.0031308, 12.92 * steps, 1.055 * steps ** (1 / 2.4) - 0.055),
        )
    else:
        light, encoded = levels**exponent, steps ** (1 / exponent)
    numbers = np.round(255 * encoded).astype(np.uint8)
    if inverted:
        light, numbers = light[::-1], 255 - numbers
    pairs = np.arange(65_536)
    table = np.stack([light[pairs & 255], light[pairs >> 8]], axis=1).astype(np.float32)
    return _Curve(table.view(np.complex64).ravel(), numbers)


@lru_cache(maxsize=1)
def srgb_light() -> "NDArray[np.float64]":
    """The light of each of sRGB's 256 numbers, 0 to 1."""
    levels = np.arange(256) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
