"""GIF: its blocks, and each frame as a GIF of its own, so that frames are painted as browsers paint them.

Source: GIF89a Specification, https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

import struct
from dataclasses import dataclass

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers.bounded_file import Source
from imageservice.engine.containers.header import Header

_CUT_OFF = "The GIF is cut off: it ends before its last frame."


@dataclass(frozen=True)
class Frame:
    """A frame's place on the canvas, its time (ms), its disposal (none, background or previous), the index of its
    transparent colour if it has one, and where its descriptor, colours and pixels are in the file."""

    left: int
    top: int
    width: int
    height: int
    duration: int
    dispose: str
    transparent: int | None
    start: int
    end: int


@dataclass(frozen=True)
class Film:
    """All of a GIF but its pixels. `loops` is how often it plays, 0 for endlessly."""

    width: int
    height: int
    head: bytes
    frames: tuple[Frame, ...]
    loops: int


def read_film(source: Source) -> Film:
    """Walks all blocks. A file without a trailer, or with something else behind its last whole frame, ends there, as it
    does in browsers; one that ends inside a frame is rejected."""
    head = source.at(0, 13)
    if len(head) < 13:
        raise ImageRejected("The GIF is cut off: it has no header.")
    width, height, flags = struct.unpack("<HHB", head[6:11])
    offset = 13
    if flags & 0x80:
        head += source.at(13, 3 << ((flags & 7) + 1))
        offset = 13 + (3 << ((flags & 7) + 1))
    frames: list[Frame] = []
    loops = 1
    control = b""
    while True:
        kind = source.at(offset, 1)
        if kind == b"!":
            label, first = source.at(offset + 1, 1), _sub_block(source, offset + 2)
            if label == b"\xf9" and len(first) >= 4:
                control = first
            elif label == b"\xff" and first[:11] in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
                inner = _sub_block(source, offset + 3 + len(first))
                if len(inner) >= 3 and inner[0] & 7 == 1:
                    times = struct.unpack("<H", inner[1:3])[0]
                    loops = times + 1 if times else 0
            offset = _skip(source, offset + 2)
        elif kind == b",":
            frame = _frame(source, offset, control)
            frames.append(frame)
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
    return Film(width, height, head, tuple(frames), loops)


def screen(source: Source) -> Header:
    """What the first bytes alone tell; the frames may make more of it."""
    width, height = struct.unpack("<HH", source.at(6, 4).ljust(4, b"\0"))
    return Header("gif", max(1, width), max(1, height))


def read_header(source: Source) -> Header:
    film = read_film(source)
    first = film.frames[0]
    covers = (first.left, first.top, first.width, first.height) == (0, 0, film.width, film.height)
    alpha = not covers or first.transparent is not None
    return Header("gif", film.width, film.height, len(film.frames), alpha, loops=film.loops)


def still(source: Source, film: Film, frame: Frame) -> bytes:
    """The frame's pixels as a GIF of one frame, as large as the frame."""
    body = source.at(frame.start, frame.end - frame.start)
    screen = film.head[:6] + struct.pack("<HH", frame.width, frame.height) + film.head[10:]
    control = b""
    if frame.transparent is not None:
        control = b"!\xf9\x04\x01\0\0" + bytes([frame.transparent]) + b"\0"
    return screen + control + b",\0\0\0\0" + body[5:] + b";"


def _frame(source: Source, offset: int, control: bytes) -> Frame:
    descriptor = source.at(offset, 10)
    if len(descriptor) < 10:
        raise ImageRejected(_CUT_OFF)
    left, top, width, height, flags = struct.unpack("<HHHHB", descriptor[1:])
    pixels = offset + 10 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    duration, dispose, transparent = 0, "none", None
    if control:
        dispose = {2: "background", 3: "previous", 4: "previous"}.get(control[0] >> 2 & 7, "none")
        duration = 10 * int.from_bytes(control[1:3], "little")
        transparent = control[3] if control[0] & 1 else None
    return Frame(left, top, width, height, duration, dispose, transparent, offset, _skip(source, pixels + 1))


def _sub_block(source: Source, offset: int) -> bytes:
    length = source.at(offset, 1)
    return source.at(offset + 1, length[0]) if length else b""


def _skip(source: Source, offset: int) -> int:
    """The offset behind a chain of sub-blocks."""
    while length := source.at(offset, 1):
        offset += 1 + length[0]
        if not length[0]:
            return offset
    raise ImageRejected(_CUT_OFF)
