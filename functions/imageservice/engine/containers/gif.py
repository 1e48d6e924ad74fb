"""GIF: its blocks. Each frame is decoded as a GIF of its own, so that frames are painted as browsers paint them.

Source: GIF89a Specification, https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import GifImagePlugin, Image

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.header import Header
from imageservice.engine.containers.sub_frame import Disposal, SubFrame
from imageservice.engine.pixels.bit_depth import eight_bit

_DISPOSALS: dict[int, Disposal] = {2: "background", 3: "previous", 4: "previous"}
_DISPOSAL_CODES: dict[Disposal, int] = {"none": 1, "background": 2, "previous": 3}
_HAS_PALETTE, _INTERLACED = 0x80, 0x40
# The end of the last block, and of its codes: the pixels may be whole without them. The decoder tells.
_SPARE = 3
_CUT_OFF = "The GIF is cut off: it ends before its last frame."


@dataclass(frozen=True)
class _Frame:
    """A frame's place on the canvas, its time in ms, its transparent index if it has one, and its bytes in the file."""

    left: int
    top: int
    width: int
    height: int
    duration: int
    dispose: Disposal
    transparent: int | None
    start: int
    end: int


@dataclass(frozen=True)
class _Animation:
    """A GIF without its pixels. `head` is its header and global palette, `loops` how often it plays (0: endlessly)."""

    width: int
    height: int
    head: bytes
    frames: tuple[_Frame, ...]
    loops: int


def read_header(file: BoundedFile) -> Header:
    """The header of a GIF. All its blocks are walked, unless the canvas alone is too large. Raises ImageRejected."""
    width, height = struct.unpack("<HH", file.at(6, 4).ljust(4, b"\0"))
    file.limits.check_canvas(max(1, width), max(1, height))
    animation = _read(file)
    first = animation.frames[0]
    covers = (first.left, first.top, first.width, first.height) == (0, 0, animation.width, animation.height)
    alpha = not covers or first.transparent is not None
    return Header(
        "gif", animation.width, animation.height, len(animation.frames), alpha, loops=animation.loops
    )


def decode(file: BoundedFile) -> Image.Image:
    """The first frame on its canvas."""
    animation = _read(file)
    frame = animation.frames[0]
    image = _decode_frame(file, animation, frame)
    if (frame.width, frame.height) == (animation.width, animation.height):
        return image
    canvas = Image.new("RGBA", (animation.width, animation.height))
    canvas.paste(eight_bit(image), (frame.left, frame.top))
    return canvas


def sub_frames(file: BoundedFile) -> Iterator[SubFrame]:
    """Every frame, decoded when the caller takes it."""
    animation = _read(file)
    for frame in animation.frames:
        image = _decode_frame(file, animation, frame)
        yield SubFrame(image, frame.left, frame.top, frame.duration, frame.dispose, over=True)


def without_metadata(file: BoundedFile) -> bytes:
    """The frames as they are coded, with their times and the number of loops, and nothing else."""
    animation = _read(file)
    screen = struct.pack("<HH", animation.width, animation.height)
    parts = [b"GIF89a", screen, animation.head[10:]]
    if animation.loops != 1:
        times = max(animation.loops - 1, 0)
        parts.append(b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", times) + b"\0")
    for frame in animation.frames:
        flags = _DISPOSAL_CODES[frame.dispose] << 2 | (frame.transparent is not None)
        control = struct.pack("<BHB", flags, frame.duration // 10, frame.transparent or 0)
        parts += [b"!\xf9\x04", control, b"\0", file.at(frame.start, frame.end - frame.start)]
    return b"".join((*parts, b";"))


def _read(file: BoundedFile) -> _Animation:
    """Walks all blocks. As in browsers, a file without a trailer, or with other data behind its last whole frame, ends
    there. Raises ImageRejected if the file ends within a frame."""
    head = file.at(0, 13)
    if len(head) < 13:
        raise ImageRejected("The GIF is cut off: it has no header.")
    width, height, flags = struct.unpack("<HHB", head[6:11])
    offset = 13
    if flags & 0x80:
        head += file.at(13, 3 << ((flags & 7) + 1))
        offset = 13 + (3 << ((flags & 7) + 1))
    frames: list[_Frame] = []
    loops = 1
    decoded = 0
    control = b""
    while True:
        kind = file.at(offset, 1)
        if frames and offset >= file.size - 1:
            # Where a trailer is due, the last byte says nothing else, whatever it is.
            break
        if kind == b"!":
            label, first = file.at(offset + 1, 1), _sub_block(file, offset + 2)
            if label == b"\xf9" and len(first) >= 4:
                control = first
            elif label == b"\xff" and first[:11] in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
                inner = _sub_block(file, offset + 3 + len(first))
                if len(inner) >= 3 and inner[0] & 7 == 1:
                    times = struct.unpack("<H", inner[1:3])[0]
                    loops = times + 1 if times else 0
            offset = _skip(file, offset + 2)
        elif kind == b",":
            frame = _read_frame(file, offset, control)
            frames.append(frame)
            # A frame may be larger than the canvas, which cuts it: its pixels are decoded all the same.
            file.limits.check_canvas(max(1, frame.width), max(1, frame.height))
            decoded += max(frame.width * frame.height, width * height)
            file.limits.check_frame_pixels(len(frames), decoded)
            control = b""
            offset = frame.end
        else:
            break
    if not frames:
        raise ImageRejected("The GIF is damaged: it holds no image.")
    # Frames decide where the screen is too small for the first, as in browsers; later ones are cut to the canvas.
    width, height = (
        max(width, frames[0].left + frames[0].width),
        max(height, frames[0].top + frames[0].height),
    )
    return _Animation(width, height, head, tuple(frames), loops)


def _decode_frame(file: BoundedFile, animation: _Animation, frame: _Frame) -> Image.Image:
    """The frame's pixels, without its canvas: Pillow is given a GIF of this one frame.

    The frame's own palette becomes the global one. Pillow takes a palette that is a gray ramp for no palette, and
    confuses the two where only one of them is.
    """
    body = file.at(frame.start + 9, frame.end - frame.start - 9)
    flags, pixels = body[0], body[1:]
    missing = frame.end - file.size
    head, palette = animation.head[:6], animation.head[13:]
    size = animation.head[10]
    if flags & _HAS_PALETTE:
        length = 3 << ((flags & 7) + 1)
        palette, pixels = pixels[:length], pixels[length:]
        size = size & ~7 | _HAS_PALETTE | flags & 7
    if missing > 0:
        pixels = _shortened(pixels)
    sides = struct.pack("<HH", frame.width, frame.height)
    control = b""
    if frame.transparent is not None:
        control = b"!\xf9\x04\x01\0\0" + bytes([frame.transparent]) + b"\0"
    descriptor = b",\0\0\0\0" + sides + bytes([flags & _INTERLACED])
    image = GifImagePlugin.GifImageFile(
        BytesIO(head + sides + bytes([size]) + b"\0\0" + palette + control + descriptor + pixels + b";")
    )
    image.load()
    return image


def _read_frame(file: BoundedFile, offset: int, control: bytes) -> _Frame:
    descriptor = file.at(offset, 10)
    if len(descriptor) < 10:
        raise ImageRejected(_CUT_OFF)
    left, top, width, height, flags = struct.unpack("<HHHHB", descriptor[1:])
    pixels = offset + 10 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    duration, transparent = 0, None
    dispose: Disposal = "none"
    if control:
        dispose = _DISPOSALS.get(control[0] >> 2 & 7, "none")
        duration = 10 * int.from_bytes(control[1:3], "little")
        transparent = control[3] if control[0] & 1 else None
    return _Frame(
        left, top, width, height, duration, dispose, transparent, offset, _skip(file, pixels + 1, _SPARE)
    )


def _sub_block(file: BoundedFile, offset: int) -> bytes:
    length = file.at(offset, 1)
    return file.at(offset + 1, length[0]) if length else b""


def _skip(file: BoundedFile, offset: int, spare: int = 0) -> int:
    """The offset behind a chain of sub-blocks, which may lack `spare` bytes at the end of the file."""
    while length := file.at(offset, 1):
        offset += 1 + length[0]
        if not length[0]:
            return offset
    if offset + 1 - file.size <= spare:
        return offset + 1
    raise ImageRejected(_CUT_OFF)


def _shortened(pixels: bytes) -> bytes:
    """The chain of sub-blocks, behind the size of their codes, ended where the file ends."""
    at = 1
    while at < len(pixels) and at + 1 + pixels[at] < len(pixels):
        at += 1 + pixels[at]
    rest = pixels[at + 1 :]
    return pixels[:at] + bytes((len(rest),)) * bool(rest) + rest + b"\0"
