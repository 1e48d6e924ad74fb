"""One image as the bytes of one format. The settings are measured: docs/decisions.md."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple

from PIL import Image

from imageservice.core.formats import FORMATS
from imageservice.engine.pixels.alpha import flattened
from imageservice.engine.pixels.content import faded_share, flat_share
from imageservice.engine.pixels.near_lossless import simplified
from imageservice.engine.pixels.palette import indexed
from imageservice.engine.pixels.screen_content import few_shades_share, repeated_share

# Above this many pixels, AVIF gets the fastest setting, so that no rendition takes a minute.
_LARGE, _LARGE_SPEED = 8_000_000, 9
# Method 4 saves 3 to 7 % of the bytes at equal quality, and takes 2.5 times as long as method 2: 0.2 s at 1920.
_WEBP_LARGE, _WEBP_LARGE_METHOD = 1_000_000, 2
SETTINGS: dict[str, dict[str, Any]] = {
    # Without blocks twice as long as high, photos and screenshots take 7 to 47 % less time, for 0 to 4 % more bytes.
    # Without trellis quantization up to 34 % less, for the same bytes at equal SSIMULACRA2.
    "avif": {
        "speed": 6,
        "subsampling": "4:4:4",
        "max_threads": 1,
        "advanced": {"enable-rect-partitions": "0", "disable-trellis-quant": "1"},
    },
    "webp": {"method": 4},
    "jpeg": {"progressive": True, "optimize": True, "subsampling": "4:2:0"},
    "png": {"optimize": False},
    "gif": {},
}
# Shares of pixels like the one before, or 1 for few colors. Photos: 0.05 to 0.24, screenshots with photos in them: 0.6,
# user interfaces, charts, logos, text: 0.73 to 0.98. A lossless WebP takes 180 ms a megapixel.
_FLAT_ABOVE = {"webp": 0.65, "png": 0.3}
# Up to this quality, a similar image will do: it scores 89 to 98, a lossy WebP of quality 80 scores 75 to 94.
_SIMILAR_AT_MOST = 90
# Above 75, libwebp looks for repetitions in the whole image, not in 256 rows at most: 74,592 bytes instead of 195,026.
_LOSSLESS_WEBP = {"lossless": True, "quality": 80, "method": 4}
# A first try in a third of the time. Where lossless is smaller in the end, it has 0.3 to 1.5 times the lossy bytes;
# where it is not, 1.6 to 5 times.
_QUICK_WEBP, _HOPELESS = {"lossless": True, "quality": 0, "method": 1}, 2.0
# Of few colors, lossless comes first. A lossy WebP of method 0 takes a third of the time and has a third more bytes: if
# lossless has fewer than this share of them, it is the smaller one.
_QUICK_LOSSY, _SURELY = {"method": 0}, 0.7
# Up to so many bytes a pixel, a PNG with a palette is not compared with one without, which has 1.5 to 4 times as many.
_SPARSE = 0.1
# libaom has tools for what a screen shows, and tries them on photos with even parts, too. Palettes need edges between
# few shades: photos have them at 0.4 % at most, drawn images at 1 to 100 %. Copies of blocks need parts that repeat.
_FEW_SHADES_ENOUGH, _NO_PALETTES = 0.008, {"enable-palette": "0"}
_REPEATED_ENOUGH, _NO_COPIES = 0.35, {"enable-intrabc": "0"}
# Colors in a JPEG get their full resolution, 4:4:4, where more than this share of them would fade: it costs 17 to 85 %
# of the bytes. AVIF always has it, for 3 to 6 %.
_FADED_AT_MOST = 0.003


def encode(image: Image.Image, format: str, quality: Mapping[str, int]) -> bytes:
    """`image` (L, LA, RGB or RGBA in sRGB) in `format`, with nothing but pixels in it.

    What is drawn is also tried as a PNG with a palette, or as a lossless WebP of a similar image. The smaller is kept.
    """
    return smallest(prepared(image, format, quality))


class Prepared(NamedTuple):
    """An image as `format` holds it, Pillow's options for it, and whether it is drawn enough to be tried otherwise."""

    image: Image.Image
    format: str
    options: dict[str, Any]
    drawn: bool

    def of_quality(self, quality: int) -> "Prepared":
        return self._replace(options={**self.options, "quality": quality})


def prepared(image: Image.Image, format: str, quality: Mapping[str, int]) -> Prepared:
    """All that the image decides before it is encoded."""
    options = settings(format, image.width * image.height, quality)
    if not FORMATS[format].alpha:
        image = flattened(image)
    image = clean(image)
    if format == "jpeg" and faded_share(image) > _FADED_AT_MOST:
        options["subsampling"] = "4:4:4"
    if format == "avif":
        options["advanced"] = options["advanced"] | _left_out(image)
    drawn = format in _FLAT_ABOVE and flat_share(image) > _FLAT_ABOVE[format]
    return Prepared(image, format, options, drawn)


def _left_out(image: Image.Image) -> dict[str, str]:
    """The tools that libaom does not try on this image, which take up to two fifths of its time."""
    seen = flattened(image)
    if few_shades_share(seen) < _FEW_SHADES_ENOUGH:
        return _NO_PALETTES | _NO_COPIES
    return _NO_COPIES if repeated_share(seen) < _REPEATED_ENOUGH else {}


def smallest(what: Prepared) -> bytes:
    """The image's bytes, by the way that takes fewest."""
    if not what.drawn:
        return _save(what.image, what.format, what.options)
    return _drawn_webp(what) if what.format == "webp" else _drawn_png(what)


def settings(format: str, pixels: int, quality: Mapping[str, int]) -> dict[str, Any]:
    """Pillow's options for an image of so many pixels, whatever it shows. `quality`, by format, overrides defaults."""
    options = dict(SETTINGS[format])
    default = FORMATS[format].quality_of(pixels)
    if default is not None:
        options["quality"] = quality.get(format, default)
    if format == "avif" and pixels > _LARGE:
        options["speed"] = _LARGE_SPEED
    if format == "webp" and pixels > _WEBP_LARGE:
        options["method"] = _WEBP_LARGE_METHOD
    return options


def _save(image: Image.Image, format: str, options: Mapping[str, Any]) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format.upper(), **options)
    return buffer.getvalue()


def _drawn_webp(what: Prepared) -> bytes:
    """Lossy, or lossless of few colors, or of rounded ones, which is free of a lossy one's ringing around edges."""
    image, options = what.image, what.options
    similar, few = image, None
    if options["quality"] <= _SIMILAR_AT_MOST:
        few = indexed(image)
        similar = few.convert(image.mode) if few is not None else simplified(image)
    if few is not None:
        lossless = _save(similar, "webp", _LOSSLESS_WEBP)
        if len(lossless) < _SURELY * len(_save(image, "webp", options | _QUICK_LOSSY)):
            return lossless
        return min(_save(image, "webp", options), lossless, key=len)
    lossy = _save(image, "webp", options)
    if len(_save(similar, "webp", _QUICK_WEBP)) > len(lossy) * _HOPELESS:
        return lossy
    return min(lossy, _save(similar, "webp", _LOSSLESS_WEBP), key=len)


def _drawn_png(what: Prepared) -> bytes:
    """With a palette, if few colors will do and that is smaller."""
    few = indexed(what.image)
    if few is None:
        return _save(what.image, "png", what.options)
    palette = _save(few, "png", {"optimize": True})
    if len(palette) < _SPARSE * few.width * few.height:
        return palette
    return min(_save(what.image, "png", what.options), palette, key=len)


def clean(image: Image.Image) -> Image.Image:
    """The image without what Pillow would write beside the pixels: EXIF, XMP, ICC profiles, comments, resolutions."""
    bare = image.copy() if image.info else image
    bare.info = {}
    return bare
