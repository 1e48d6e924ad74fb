"""What an uploaded image may be at most."""

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
