"""One frame of a moving image as its container stores it."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image

Disposal = Literal["none", "background", "previous"]


@dataclass(frozen=True)
class SubFrame:
    """A frame's pixels, which cover a part of the canvas, and how they are painted.

    `left` and `top` are pixels on the canvas, `duration` is in ms. `dispose` is what happens to that part before the
    next frame: it stays, is cleared, or gets back what was there before. `over` is true where the frame is blended over
    the canvas, false where it replaces what is there.
    """

    image: Image.Image
    left: int
    top: int
    duration: int
    dispose: Disposal = "none"
    over: bool = False
