"""What is known of an uploaded image from its header, and what an upload may be at most."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What an original may be at most; more is rejected before a pixel is decoded.

    `max_frame_pixels` bounds width × height × frames of a moving image, in which a frame counts as at least
    `least_frame_pixels`. `max_aspect` is how many times as long as the other a side may be. `max_decode_seconds` bounds
    what a file made to be slow can cost.
    """

    max_bytes: int = 50_000_000
    max_pixels: int = 100_000_000
    max_frame_pixels: int = 200_000_000
    max_aspect: int = 16_383
    max_decode_seconds: float = 30.0
    least_frame_pixels: int = 65_536


@dataclass(frozen=True)
class Original:
    """An uploaded image as its header tells it.

    `format` is what the bytes are: jpeg, png, webp, gif, avif, heic, tiff or bmp (an MPO is a jpeg).
    `width` and `height` are in pixels as a person sees it, after EXIF or container rotation.
    `frames` counts the frames that will be kept: 1 for a still image. `alpha` tells whether it can be transparent.
    """

    format: str
    width: int
    height: int
    frames: int
    alpha: bool

    @property
    def animated(self) -> bool:
        return self.frames > 1
