"""Numbers of any kind as 8 bits: which of them are black and white.

Sources: libvips takes colors of floats for light (scRGB), and 1 for white; IEC 61966-2-1 (sRGB)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imageservice.core.errors import ImageRejected

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FROM_XYZ = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_D65 = (0.9505, 1.0, 1.0888)
# Floats up to 65,535 are of 16 bits if they use a quarter of that; others may be metres or counts.
_LEAST_OF_16_BITS = 16_384


@dataclass
class Range:
    """Which numbers are black and white in a page's samples.

    Whole numbers without a sign use all of their bits up to 16. Others are looked at first:

    - gray of floats between 0 and 1 is as it is;
    - colors of floats are light, of which 1 is white, if their mean is at most 1; what is brighter is white;
    - numbers between 0 and 255, or 0 and 65,535, are of 8 or 16 bits (floats only if one is above 16,383);
    - of other gray the lowest is black and the highest white; other whole colors use all bits;
    - other colors of floats are refused.
    """

    mode: str
    kind: str
    bits: int
    low: float = 0.0
    high: float = 0.0
    total: float = 0.0
    count: int = 0
    light: bool = False

    @classmethod
    def of(cls, mode: str, kind: str, bits: int, light: bool) -> Range:
        """The range before any sample is looked at. With `light`, the numbers are known to be light."""
        return cls(mode, kind, bits, float("inf"), float("-inf"), light=light)

    @property
    def is_measured(self) -> bool:
        """Whether the numbers must be looked at."""
        return self.mode != "LAB" and not self.light and (self.kind != "u" or self.bits > 16)

    @property
    def is_light(self) -> bool:
        """Whether the numbers are light: what is twice as bright is twice as large."""
        measured = self.mode == "RGB" and self.kind == "f" and bool(self.count) and self.total <= self.count
        return self.light or measured

    def measure(self, band: NDArray[Any]) -> None:
        """Takes note of some of the page's samples."""
        import numpy as np

        finite = np.nan_to_num(band.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        self.low, self.high = min(self.low, float(finite.min())), max(self.high, float(finite.max()))
        self.total, self.count = self.total + float(finite.clip(min=0).sum()), self.count + finite.size

    def limits(self) -> tuple[float, float]:
        """The numbers that are black and white. Raises ImageRejected."""
        if self.light:
            return 0.0, 1.0
        if not self.is_measured:
            return 0.0, float(2**self.bits - 1)
        if self.is_light or (self.kind == "f" and self.low >= 0 and self.high <= 1):
            return 0.0, 1.0
        if self.low >= 0 and self.high <= 255:
            return 0.0, 255.0
        if self.low >= 0 and self.high <= 65535 and (self.kind != "f" or self.high >= _LEAST_OF_16_BITS):
            return 0.0, 65535.0
        if self.mode == "L":
            return (
                (0.0, 2.0**self.bits) if self.kind == "u" and self.high >= 2.0**31 else (self.low, self.high)
            )
        if self.kind != "f":
            return (
                (0.0, 2.0**self.bits)
                if self.kind == "u"
                else (-(2.0 ** (self.bits - 1)), 2.0 ** (self.bits - 1))
            )
        raise ImageRejected(
            "A floating-point TIFF with colors that are not between 0 and 1, 255 or 65,535 is not accepted;"
            " send it as JPEG or PNG."
        )

    def alpha(self, band: NDArray[Any]) -> NDArray[Any]:
        """Alpha samples as 0 to 1."""
        import numpy as np

        most = float(2 ** (self.bits - (self.kind == "i")) - 1)
        if self.kind == "f":
            most = self.limits()[1] if self.is_measured else 1.0
        alpha: NDArray[Any] = np.nan_to_num(band.astype(np.float32) / most).clip(0, 1)
        return alpha


def levels(band: NDArray[Any], span: Range, linear: bool) -> NDArray[Any]:
    """Samples as 0 to 255; light is given sRGB's curve if it is `linear`."""
    import numpy as np

    low, high = span.limits()
    precise: type[np.floating[Any]] = np.float32 if span.bits <= 16 else np.float64
    scaled: NDArray[Any] = np.subtract(band, low, dtype=precise) / precise(high - low or 1.0)
    scaled = np.nan_to_num(scaled, nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1)
    if linear:
        scaled = np.where(scaled <= 0.0031308, scaled * 12.92, 1.055 * scaled ** (1 / 2.4) - 0.055)
    stored: NDArray[Any] = np.rint(scaled * 255).astype(np.uint8)
    return stored


def light_of_xyz(band: NDArray[Any]) -> NDArray[Any]:
    """XYZ, in which 1, 1, 1 is white, as sRGB's light."""
    import numpy as np

    matrix = np.array(_FROM_XYZ, np.float32) * np.array(_D65, np.float32)
    light: NDArray[Any] = np.nan_to_num(band).astype(np.float32) @ matrix.T
    return light


def lab_levels(band: NDArray[Any], kind: str, bits: int, icc: bool) -> NDArray[Any]:
    """CIE Lab as Pillow stores it: L of 0 to 100 as 0 to 255, a and b with 128 added."""
    import numpy as np

    if kind == "f":
        light, colors = band[..., :1] * 2.55, band[..., 1:] + 128.0
    else:
        unit = float(2 ** (bits - 8))
        whole = 255 * unit if icc else 2**bits - 1.0
        # Some writers call all three signed.
        light = band[..., :1].astype(np.int64) % 2**bits / whole * 255
        signed = band[..., 1:].astype(np.int64)
        if not icc:
            signed = (signed + 2 ** (bits - 1)) % 2**bits
        colors = signed / unit
    stored = np.nan_to_num(np.concatenate((light, colors), axis=2)).clip(0, 255)
    rounded: NDArray[Any] = np.rint(stored).astype(np.uint8)
    return rounded
