"""What is known of an uploaded image from its header."""

from dataclasses import dataclass


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
