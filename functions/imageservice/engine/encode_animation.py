"""A moving image again as one WebP or GIF."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from imageservice.core.formats import FORMATS
from imageservice.engine.pixels.alpha import is_transparent

_SAMPLED_FRAMES, _SAMPLED_SIDE = 24, 128
_FEW_COLORS, _MOST_TRIED = 256, 20_000_000
_OPAQUE = 128
_TRANSPARENT = 255
_GIF_LOOPS, _GIF_MS = 65_535, 655_350
_WEBP_FLAGS, _WEBP_ALPHA = 20, 0x10


@dataclass(frozen=True)
class RenderedFrame:
    """One frame as it leaves the engine (L, LA, RGB or RGBA in sRGB), and for how many ms it is shown."""

    image: Image.Image
    duration: int = 0


def encode_animation(
    frames: Sequence[RenderedFrame], loops: int, format: str, quality: Mapping[str, int]
) -> bytes:
    """The frames in `format`, webp or gif. `loops` is how often they play, 0 for endlessly."""
    return _gif(frames, loops) if format == "gif" else _webp(frames, loops, quality)


def _webp(frames: Sequence[RenderedFrame], loops: int, quality: Mapping[str, int]) -> bytes:
    buffer = BytesIO()
    frames[0].image.save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=[frame.image for frame in frames[1:]],
        duration=[frame.duration for frame in frames],
        loop=min(loops, _GIF_LOOPS),
        quality=quality.get("webp", FORMATS["webp"].quality),
        method=2,
        minimize_size=True,
        allow_mixed=_may_be_smaller_lossless(frames),
        background=(0, 0, 0, 0),
    )
    data = bytearray(buffer.getvalue())
    # libwebp leaves the flag out where frames only leave parts of the canvas uncovered.
    if data[12:16] == b"VP8X" and any(is_transparent(frame.image) for frame in frames):
        data[_WEBP_FLAGS] |= _WEBP_ALPHA
    return bytes(data)


def _gif(frames: Sequence[RenderedFrame], loops: int) -> bytes:
    """One palette for all frames, so that colors don't flicker and unchanged parts stay unwritten."""
    palette = _shared_palette(frames)
    drawn = [_indexed(frame.image, palette) for frame in frames]
    transparent = any(frame.getextrema()[1] == _TRANSPARENT for frame in drawn)
    options: dict[str, object] = (
        {"disposal": 2, "transparency": _TRANSPARENT} if transparent else {"disposal": 1}
    )
    if loops != 1:
        options["loop"] = min(max(loops - 1, 0), _GIF_LOOPS)
    buffer = BytesIO()
    drawn[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=drawn[1:],
        duration=_gif_durations(frames, drawn),
        optimize=False,
        **options,
    )
    return buffer.getvalue()


def _gif_durations(frames: Sequence[RenderedFrame], drawn: Sequence[Image.Image]) -> list[int]:
    """How long each frame is shown. Pillow makes one of equal frames in a row: together they are bounded, too."""
    durations: list[int] = []
    shown = 0
    for place, frame in enumerate(frames):
        if not place or drawn[place].tobytes() != drawn[place - 1].tobytes():
            shown = 0
        durations.append(min(frame.duration, _GIF_MS - shown))
        shown += durations[-1]
    return durations


def _may_be_smaller_lossless(frames: Sequence[RenderedFrame]) -> bool:
    """Whether lossless frames are worth a try, which takes up to 0.4 s a megapixel, ten times a lossy frame's time."""
    pixels = len(frames) * frames[0].image.width * frames[0].image.height
    return pixels <= _MOST_TRIED and all(frame.image.getcolors(_FEW_COLORS) for frame in _sampled(frames))


def _sampled(frames: Sequence[RenderedFrame]) -> Sequence[RenderedFrame]:
    return frames[:: -(-len(frames) // _SAMPLED_FRAMES)]


def _shared_palette(frames: Sequence[RenderedFrame]) -> Image.Image:
    """A palette of 255 colors from up to 24 of the frames; the last index is left for transparency."""
    samples = []
    for frame in _sampled(frames):
        sample = frame.image.copy()
        sample.thumbnail((_SAMPLED_SIDE, _SAMPLED_SIDE), Image.Resampling.NEAREST)
        samples.append(sample.convert("RGB"))
    sheet = Image.new("RGB", (samples[0].width, sum(sample.height for sample in samples)))
    top = 0
    for sample in samples:
        sheet.paste(sample, (0, top))
        top += sample.height
    return sheet.quantize(_TRANSPARENT, Image.Quantize.MEDIANCUT)


def _indexed(image: Image.Image, palette: Image.Image) -> Image.Image:
    indexed = image.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    if image.mode == "RGBA":
        clear = image.getchannel("A").point(lambda alpha: 255 if alpha < _OPAQUE else 0)
        indexed.paste(_TRANSPARENT, mask=clear)
    return indexed
