"""An image of few colors, as indices into a palette."""

import sys
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from imageservice.engine.pixels.alpha import flattened
from imageservice.engine.pixels.content import detail, largest_band

if TYPE_CHECKING:
    from numpy import int64, uint8
    from numpy.typing import NDArray

    Numbers = NDArray[int64]
    Levels = NDArray[uint8]

_COLORS = 256
# With more colors, 256 do not come close enough, and finding out takes time and memory.
_MOST_COLORS, _MOST_PIXELS = 8_192, 8_000_000
# Levels of 255 that a channel, multiplied by its alpha, may be off: anywhere, and as a root mean square.
_FURTHEST, _RMS = 12, 1.6
# Where neighbors differ by less than 3 levels, eyes see that much: gradients get bands, pale backgrounds become white.
# Of a page with a gradient, 0.047 of the pixels would change so, of charts and logos 0.0002 at most.
_SMOOTH, _MOST_CHANGED = 3, 0.002


def indexed(image: Image.Image) -> Image.Image | None:
    """The image (L, LA, RGB or RGBA) with a palette of at most 256 colors (mode P), or None where they would not do.

    Up to 256 colors come out as they are. Of more, similar ones become the most frequent of them, so that no channel is
    off by more than 12 levels. The same image gives the same palette.
    """
    if image.mode not in ("RGB", "RGBA"):
        return None
    counted = image.getcolors(_COLORS)
    if counted is None:
        return _approximated(image)
    # In RGBA a color is a tuple; the type covers gray images too, whose colors are numbers.
    colors: list[tuple[int, ...]] = sorted(color for _, color in counted)  # type: ignore[misc]  # tuples in color modes
    numbers = {
        int.from_bytes(bytes((*color, 255)[:4]), sys.byteorder): index for index, color in enumerate(colors)
    }
    pixels = memoryview(image.convert("RGBA").tobytes()).cast("I")
    made = Image.frombytes("P", image.size, bytes(map(numbers.__getitem__, pixels)))
    made.putpalette([level for color in colors for level in color], image.mode)
    return made


def _approximated(image: Image.Image) -> Image.Image | None:
    if image.width * image.height > _MOST_PIXELS or image.getcolors(_MOST_COLORS) is None:
        return None
    # Not at the top: it takes 100 ms.
    import numpy as np

    pixels = np.array(image.convert("RGBA"))
    packed, inverse, counts = np.unique(
        pixels.reshape(-1, 4).view("<u4").ravel(), return_inverse=True, return_counts=True
    )
    colors = packed.view(np.uint8).reshape(-1, 4)
    levels = _premultiplied(colors)
    groups = _groups(levels)
    if groups is None:
        return None
    leaders = np.array([group[np.argmax(counts[group])] for group in groups])
    index = np.empty(len(colors), np.uint8)
    for number, group in enumerate(groups):
        index[group] = number
    squares = (levels - levels[leaders][index]) ** 2 * counts[:, None]
    if squares.sum(0).max() > _RMS**2 * len(inverse):
        return None
    made = Image.frombytes("P", image.size, index[inverse].tobytes())
    palette = colors[leaders][:, : len(image.mode)]
    made.putpalette(palette.tobytes(), image.mode)
    return made if _changed_share(image, made.convert(image.mode)) <= _MOST_CHANGED else None


def _changed_share(image: Image.Image, made: Image.Image) -> float:
    """The share of the pixels, 0 to 1, that are in a smooth area and change visibly."""
    on_white = flattened(image)
    changed = largest_band(ImageChops.difference(on_white, flattened(made)))
    visibly = changed.point([255 if level >= _SMOOTH else 0 for level in range(256)])
    smooth = ImageChops.invert(detail(on_white, _SMOOTH))
    return ImageChops.multiply(visibly, smooth).histogram()[255] / (image.width * image.height)


def _premultiplied(colors: "Levels") -> "Numbers":
    levels = colors.astype("int64")
    levels[:, :3] = levels[:, :3] * levels[:, 3:] // 255
    return levels


def _groups(levels: "Numbers") -> "list[Numbers] | None":
    """The colors' numbers in groups whose members differ by at most the tolerance; None where there are over 256.

    Each group is halved along its widest channel until it is narrow enough.
    """
    import numpy as np

    pending, done = [np.arange(len(levels))], []
    while pending:
        group = pending.pop()
        members = levels[group]
        spans = members.max(0) - members.min(0)
        if spans.max() <= _FURTHEST:
            done.append(group)
        else:
            channel = members[:, np.argmax(spans)]
            upper = channel > (channel.max() + channel.min()) // 2
            pending += [group[~upper], group[upper]]
        if len(pending) + len(done) > _COLORS:
            return None
    return done
