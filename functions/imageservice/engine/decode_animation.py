"""Moving images: their frames as a person sees them, and all of them again as one WebP or GIF."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Protocol, cast

from PIL import AvifImagePlugin, GifImagePlugin, Image, PngImagePlugin, WebPImagePlugin

from imageservice.engine.containers import gif, png
from imageservice.engine.containers.bounded_file import Source, decoding
from imageservice.engine.containers.header import Header
from imageservice.engine.pixels.bit_depth import eight_bit
from imageservice.engine.pixels.color import profile_of

# Browsers play frames of 10 ms or less at 100 ms each.
_TOO_SHORT, _USUAL = 10, 100


class Placed(Protocol):
    """A frame that covers a part of the canvas only: what GIF and PNG hold."""

    @property
    def left(self) -> int: ...
    @property
    def top(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def dispose(self) -> str: ...


@dataclass(frozen=True)
class Shown:
    """What is seen at a time (RGB or RGBA), how long it stays (ms), and its ICC profile if it still has one."""

    image: Image.Image
    duration: int
    profile: bytes | None = None


def frames(source: Source, header: Header) -> Iterator[Shown]:
    """Every frame of a moving image, painted over those before it.

    A canvas is only good until the next is asked for.
    """
    if header.format == "gif":
        film = gif.read_film(source)
        parts = (
            (
                frame,
                _part(gif.still(source, film, frame), GifImagePlugin.GifImageFile, "GIF", source),
                True,
                frame.duration,
            )
            for frame in film.frames
        )
        yield from _painted(source, header, parts)
    elif header.format == "png":
        pieces = (
            (
                frame,
                _part(data, PngImagePlugin.PngImageFile, "PNG", source),
                frame.over,
                round(frame.duration),
            )
            for frame, data in png.frames(source)
        )
        yield from _painted(source, header, pieces)
    else:
        yield from _composed(source, header)


def _part(data: bytes, opener: Callable[[IO[bytes]], Image.Image], name: str, source: Source) -> Image.Image:
    with decoding(name, source):
        image = opener(BytesIO(data))
        image.load()
    return eight_bit(image)


def _painted(
    source: Source, header: Header, parts: Iterator[tuple[Placed, Image.Image, bool, int]]
) -> Iterator[Shown]:
    size = header.width, header.height
    canvas = Image.new("RGBA", size)
    for frame, part, over, duration in parts:
        source.check_time()
        place = (frame.left, frame.top, frame.left + frame.width, frame.top + frame.height)
        before = canvas.copy() if frame.dispose == "previous" else None
        part = part.convert("RGBA")
        if over:
            canvas.alpha_composite(_inside(part, frame, size), (frame.left, frame.top))
        else:
            canvas.paste(part, place)
        yield Shown(
            canvas, duration if duration > _TOO_SHORT else _USUAL, profile_of(part.info, header, "RGBA")
        )
        if frame.dispose == "background":
            canvas.paste((0, 0, 0, 0), place)
        elif before is not None:
            canvas = before


def _inside(part: Image.Image, frame: Placed, size: tuple[int, int]) -> Image.Image:
    """The part of the frame that is on the canvas."""
    width, height = size[0] - frame.left, size[1] - frame.top
    return (
        part
        if part.width <= width and part.height <= height
        else part.crop((0, 0, max(0, width), max(0, height)))
    )


def _composed(source: Source, header: Header) -> Iterator[Shown]:
    """The frames of a WebP or AVIF, whose libraries paint them by themselves."""
    source.seek(0)
    name, opener = (
        ("WebP", WebPImagePlugin.WebPImageFile)
        if header.format == "webp"
        else ("AVIF", AvifImagePlugin.AvifImageFile)
    )
    with decoding(name, source):
        film = opener(cast(IO[bytes], source))
        for number in range(header.frames):
            source.check_time()
            film.seek(number)
            film.load()
            duration = round(film.info["duration"])
            yield Shown(
                film, duration if duration > _TOO_SHORT else _USUAL, profile_of(film.info, header, film.mode)
            )
