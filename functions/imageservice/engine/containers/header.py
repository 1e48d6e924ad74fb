"""What an image file states before its pixels."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Header:
    """An image file's header.

    `width` and `height` are stored pixels; `orientation` (EXIF's 1 to 8) is what is still to be applied after decoding,
    after `crop` (left, top, right, bottom) was cut out. `cicp` holds color primaries, transfer function, matrix and
    range (ITU-T H.273) where the container states them. `loops` is how often a moving image plays, 0 for endlessly.
    `wide_bits` is how many bits of a sample of 16 are used.
    """

    format: str
    width: int
    height: int
    frames: int = 1
    alpha: bool = False
    orientation: int = 1
    crop: tuple[int, int, int, int] | None = None
    cicp: tuple[int, int, int, int] | None = None
    loops: int = 1
    wide_bits: int = 16
