"""What a screen's content has and photos have not, by tests that take milliseconds.

Edges between few shades, as of text and lines; and parts that repeat to the pixel, as letters that were not shrunk do.
"""

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
# Of fewer windows or blocks nothing can be said.
_LEAST_SEEN = 20
# Blocks of 8 × 8 pixels have an edge if their grays are so far apart, and few shades if they have no more than so many.
_BLOCK, _EDGE, _FEW_SHADES = 8, 32, 8
# About so many pixels are looked at, and of their blocks with edges so many.
_SEEN_FOR_SHADES, _SEEN_BLOCKS = 250_000, 1_000


def few_shades_share(image: Image.Image) -> float:
    """The share, 0 to 1, of the image's blocks with edges that have few shades. Blocks without edges do not count."""
    gray = np.asarray(strips(image, _SEEN_FOR_SHADES).convert("L"))
    down, across = (side // _BLOCK for side in gray.shape)
    blocks = gray[: down * _BLOCK, : across * _BLOCK].reshape(down, _BLOCK, across, _BLOCK)
    if blocks.size == 0:
        return 0.0
    apart = blocks.max(1).max(2) - blocks.min(1).min(2)
    places = np.argwhere(apart >= _EDGE)
    places = places[:: 1 + len(places) // _SEEN_BLOCKS]
    if len(places) < _LEAST_SEEN:
        return 0.0
    shades = np.sort(blocks[places[:, 0], :, places[:, 1]].reshape(len(places), -1))
    return float(((shades[:, 1:] != shades[:, :-1]).sum(1) < _FEW_SHADES).mean())


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
