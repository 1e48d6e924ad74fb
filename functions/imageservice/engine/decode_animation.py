"""The frames of a moving image as a person sees them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from imageservice.engine.containers import gif, heif, png, webp
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sub_frame import SubFrame
from imageservice.engine.decode import Pixels
from imageservice.engine.pixels.bit_depth import eight_bit
from imageservice.engine.pixels.color import profile_of

# Browsers play frames of 10 ms or less at 100 ms each.
_TOO_SHORT_MS, _USUAL_MS = 10, 100
# What a GIF can hold. An APNG can say 18 hours, which neither GIF nor WebP can.
_MOST_MS = 655_350


@dataclass(frozen=True)
class DecodedFrame:
    """The whole canvas while one frame is shown, and for how many ms that is. The pixels belong to this frame alone."""

    pixels: Pixels
    duration: int


DECODERS: dict[str, Callable[[BoundedFile, Header], Iterator[DecodedFrame]]] = {
    "gif": lambda file, header: _painted(file, header, gif.sub_frames(file)),
    "png": lambda file, header: _painted(file, header, png.sub_frames(file, header.frames)),
    "webp": lambda file, header: _composed(header, webp.composed_frames(file, header.frames)),
    "avif": lambda file, header: _composed(header, heif.composed_avif_frames(file, header.frames)),
}
"""The formats that can move."""


def decode_frames(file: BoundedFile, header: Header) -> Iterator[DecodedFrame]:
    """Every frame of an animation, decoded when the caller takes it. Raises ImageRejected."""
    return DECODERS[header.format](file, header)


def _painted(file: BoundedFile, header: Header, frames: Iterator[SubFrame]) -> Iterator[DecodedFrame]:
    """Paints each frame over those before it."""
    canvas = Image.new("RGBA", (header.width, header.height))
    for frame in frames:
        file.check_time()
        before = canvas.copy() if frame.dispose == "previous" else None
        image = eight_bit(frame.image).convert("RGBA")
        place = (frame.left, frame.top, frame.left + image.width, frame.top + image.height)
        if frame.over:
            canvas.alpha_composite(_on_canvas(image, frame, canvas.size), (frame.left, frame.top))
        else:
            canvas.paste(image, place)
        yield DecodedFrame(
            Pixels(canvas.copy(), profile_of(frame.image.info, header, "RGBA")), _played(frame.duration)
        )
        if frame.dispose == "background":
            canvas.paste((0, 0, 0, 0), place)
        elif before is not None:
            canvas = before


def _on_canvas(image: Image.Image, frame: SubFrame, canvas: tuple[int, int]) -> Image.Image:
    """The part of the frame that lies on the canvas."""
    width, height = max(0, canvas[0] - frame.left), max(0, canvas[1] - frame.top)
    return image if image.width <= width and image.height <= height else image.crop((0, 0, width, height))


def _composed(header: Header, frames: Iterator[SubFrame]) -> Iterator[DecodedFrame]:
    for frame in frames:
        profile = profile_of(frame.image.info, header, frame.image.mode)
        yield DecodedFrame(Pixels(frame.image, profile), _played(frame.duration))


def _played(duration: int) -> int:
    return min(duration, _MOST_MS) if duration > _TOO_SHORT_MS else _USUAL_MS
