"""What an image shows, by tests that take milliseconds: drawn or photographed, with colored edges or without."""

from PIL import Image, ImageChops

_FEW_COLORS = 256
# Of 1,000 pixels of a photo, 0 lose more than 32 levels of chroma, or 2 along the edges of a red car; of charts and
# screenshots 1; of logos 4 to 9, of red text on blue 126.
_FADED_LEVELS = 33
# Of larger images, strips are looked at that together have about so many pixels.
_SEEN_PIXELS, _STRIP_ROWS = 1_000_000, 32


def flat_share(image: Image.Image) -> float:
    """The share of the pixels, 0 to 1, that are like the one before: high in what is drawn. 1 for few colors."""
    if image.getcolors(_FEW_COLORS) is not None:
        return 1.0
    gray = image.convert("L")
    if gray.width < 2:
        return 0.0
    shifted = ImageChops.difference(
        gray.crop((1, 0, *gray.size)), gray.crop((0, 0, gray.width - 1, gray.height))
    )
    return shifted.histogram()[0] / (shifted.width * shifted.height)


def faded_share(image: Image.Image) -> float:
    """The share of the pixels, 0 to 1, whose color would change visibly at half the resolution (4:2:0)."""
    if image.mode != "RGB":
        return 0.0
    image = strips(image, _SEEN_PIXELS)
    changed = 0
    for chroma in image.convert("YCbCr").split()[1:]:
        halved = chroma.reduce(2).resize(chroma.size, Image.Resampling.BILINEAR)
        changed = max(changed, sum(ImageChops.difference(chroma, halved).histogram()[_FADED_LEVELS:]))
    return changed / (image.width * image.height)


def strips(image: Image.Image, pixels: int) -> Image.Image:
    """A part of a large image's rows, about so many `pixels`, evenly spread; in strips, neighbors stay together."""
    step = image.width * image.height // pixels
    if step <= 1:
        return image
    taken = [
        image.crop((0, top, image.width, min(top + _STRIP_ROWS, image.height)))
        for top in range(0, image.height, _STRIP_ROWS * step)
    ]
    seen = Image.new(image.mode, (image.width, sum(strip.height for strip in taken)))
    at = 0
    for strip in taken:
        seen.paste(strip, (0, at))
        at += strip.height
    return seen


def detail(image: Image.Image, least: int) -> Image.Image:
    """White where a channel differs by `least` levels or more from the pixel beside it, above or below."""
    largest = Image.new("L", image.size)
    for across, down in ((1, 0), (0, 1)):
        before = largest_band(ImageChops.difference(image, ImageChops.offset(image, across, down)))
        after = ImageChops.offset(before, -across, -down)
        largest = ImageChops.lighter(largest, ImageChops.lighter(before, after))
    return largest.point([255 if level >= least else 0 for level in range(256)])


def largest_band(image: Image.Image) -> Image.Image:
    """The largest of each pixel's numbers, in L."""
    first, *others = image.split()
    for band in others:
        first = ImageChops.lighter(first, band)
    return first
