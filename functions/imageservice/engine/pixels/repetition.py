"""Whether an image repeats itself to the pixel, as unscaled text and tiles do, by a test that takes milliseconds."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from imageservice.engine.pixels.content import strips

if TYPE_CHECKING:
    from numpy import uint8, uint32
    from numpy.typing import NDArray

# Windows of 8 × 8 pixels, in 8 shades of gray: what a lossy original has changed a little is still alike.
_SHADES_SHIFT, _SHADES_HALF = 5, 16
# Odd numbers of 32 bits that mix well: one for each doubling of the window, across and down.
_MIXERS = tuple(
    np.uint32(number)
    for number in (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F, 0x165667B1, 0x9E3779B1, 0x2545F491)
)
_DOUBLINGS = (1, 2, 4)
# One window in 16 is looked at: the same ones wherever they are, because what they show decides.
_SEEN_BITS = 28
_SEEN_PIXELS = 500_000
# Of fewer windows nothing can be said.
_LEAST_SEEN = 20


def repeated_share(image: Image.Image) -> float:
    """The share, 0 to 1, of the image's 8 × 8 windows that are seen again elsewhere in it.

    Only those with detail count: windows like the one beside or above are no repetition, but even.
    """
    windows = _fingerprints(_shades(strips(image, _SEEN_PIXELS).convert("L")))
    if windows.size == 0:
        return 0.0
    own = windows[1:, 1:]
    detailed = (own != windows[:-1, 1:]) & (own != windows[1:, :-1])
    seen = own[detailed & ((own * _MIXERS[-1]) >> _SEEN_BITS == 0)]
    if len(seen) < _LEAST_SEEN:
        return 0.0
    times = np.unique(seen, return_counts=True)[1]
    return float(times[times > 1].sum() / len(seen))


def _shades(gray: Image.Image) -> "NDArray[uint8]":
    levels = [min(level + _SHADES_HALF, 255) >> _SHADES_SHIFT for level in range(256)]
    return np.asarray(gray.point(levels))


def _fingerprints(shades: "NDArray[uint8]") -> "NDArray[uint32]":
    """A number for the window that begins at each pixel: the same where windows are the same."""
    mixed = shades.astype(np.uint32)
    mixers = iter(_MIXERS)
    for step in _DOUBLINGS:
        mixed = mixed[:, :-step] * next(mixers) + mixed[:, step:]
    for step in _DOUBLINGS:
        mixed = mixed[:-step] * next(mixers) + mixed[step:]
    mixed ^= mixed >> 15
    return mixed
