"""What the header of an uploaded image says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Original:
    """An uploaded image, by its header.

    `format` is that of the bytes: jpeg, png, webp, gif, avif, heic, tiff or bmp (an MPO is a jpeg).
    `width` and `height` are in pixels as a person sees the image, after EXIF or container rotation.
    `frames` counts the frames of its renditions: 1 for a still image. `alpha` is whether it can be transparent.
    """

    format: str
    width: int
    height: int
    frames: int
    alpha: bool

    @property
    def animated(self) -> bool:
        return self.frames > 1
