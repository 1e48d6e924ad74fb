"""The limits of an uploaded image."""

from dataclasses import dataclass

from imageservice.core.errors import ImageRejected

_CANVASES = 5


@dataclass(frozen=True)
class Limits:
    """The limits of an original; an image beyond them is rejected before a pixel is decoded.

    `max_frame_pixels` limits width × height × frames of an animation, in which a frame counts as at least
    `least_frame_pixels`. `max_aspect` is the largest ratio of the longer side to the shorter one. `max_decode_seconds`
    and `max_inspect_seconds` limit, in seconds of CPU, what decoding and inspecting a file made to be slow can cost;
    `max_search_seconds`, the search for one rendition's quality, where the plan has a target.
    """

    max_bytes: int = 50_000_000
    max_pixels: int = 100_000_000
    max_frame_pixels: int = 200_000_000
    max_aspect: int = 16_383
    max_decode_seconds: float = 30.0
    least_frame_pixels: int = 65_536
    max_inspect_seconds: float = 10.0
    max_search_seconds: float = 15.0

    def check_canvas(self, width: int, height: int) -> None:
        """Raises ImageRejected if an image of `width` × `height` pixels is empty, too large or too narrow."""
        pixels = width * height
        if not pixels:
            raise ImageRejected(f"The image is empty: its header says {width} × {height} pixels.")
        if pixels > self.max_pixels:
            raise ImageRejected(
                f"The image has {width} × {height} pixels, {_mega(pixels)} megapixels;"
                f" at most {_mega(self.max_pixels)} are accepted."
            )
        if max(width, height) > self.max_aspect * min(width, height):
            raise ImageRejected(
                f"The image has {width} × {height} pixels;"
                f" one side may be at most {self.max_aspect:,} times as long as the other."
            )

    def check_frames(self, frames: int, width: int, height: int) -> None:
        """Raises ImageRejected if an animation has more pixels in all its frames than are accepted."""
        # Painting even a few frames takes this many canvases.
        self.check_frame_pixels(frames, max(frames, _CANVASES) * width * height)

    def check_frame_pixels(self, frames: int, pixels: int) -> None:
        """Like `check_frames`, for frames of any sizes that have, or count as, `pixels` in all."""
        counted = max(pixels, frames * self.least_frame_pixels)
        if frames > 1 and counted > self.max_frame_pixels:
            raise ImageRejected(
                f"The animation has {frames:,} frames or more, which count as {_mega(counted)} megapixels;"
                f" at most {_mega(self.max_frame_pixels)} megapixels in all frames together are accepted"
                f" (a frame counts as at least {self.least_frame_pixels:,} pixels,"
                f" an animation as at least {_CANVASES} frames)."
            )


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:,.1f}".removesuffix(".0")
