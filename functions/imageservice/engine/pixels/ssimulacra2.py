"""SSIMULACRA2: how close an image is to another one for human eyes.

100 is the same, 90 has no visible difference, 70 is of high quality, below 50 is low. Sources: version 2.1 of
https://github.com/cloudinary/ssimulacra2, whose numbers these are (ssimulacra2.LICENSE), and libjxl's gauss_blur.cc.
The package on PyPI needs SciPy, 100 MB, and 15 times as long; and below 225 pixels it mixes up the weights.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from imageservice.engine.pixels.linear_light import srgb_light

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Planes = NDArray[float32]

# What the eye's three kinds of cones take of red, green and blue; and the bias, which is what they send in the dark.
_CONES = (
    (0.30, 0.622, 0.078),
    (0.23, 0.692, 0.078),
    (0.24342268924547819, 0.20476744424496821, 0.5518098665095536),
)
_BIAS = 0.0037930732552754493
_STABLE = np.float32(0.0009)
# A Gaussian of sigma 1.5, made of three cosines that end five pixels away: its middle, and what follows.
_BLUR = (
    0.26462110548819856,
    0.2129285920104222,
    0.10933537277746032,
    0.036011114658364374,
    0.0094143678096537,
)
_REACH = len(_BLUR) - 1
# The columns or rows of a result that one product makes. With more, more of the weights are 0.
_STEP = 32


class _Weights(NamedTuple):
    """What a difference counts: in structure, an edge that only the other image has, an edge that it lost.

    First of the mean, then of the fourth root of the mean fourth power, which is that of the worst places.
    """

    structure: float
    new: float
    lost: float
    worst_structure: float
    worst_new: float
    worst_lost: float


# By scale (each halves the image) and channel: red against green (0), brightness (1), blue against brightness (2).
# The other 70 weights are at most 0.003, or 0; together they are less than 0.1 of a point.
_WEIGHTS: Sequence[dict[int, _Weights]] = (
    {1: _Weights(0, 0, 0, 7.466890328078848, 0, 17.445833984131262)},
    {
        0: _Weights(0, 0, 0, 1.1041726426657346, 0, 0),
        1: _Weights(0, 0, 0, 6.683678146179332, 0, 1.027889937768264),
    },
    {
        0: _Weights(0, 0, 0, 1.8422455520539298, 11.441172603757666, 0),
        1: _Weights(225.20515300849274, 0, 0, 19.213238186143016, 0, 0),
    },
    {
        0: _Weights(0, 0, 0, 1.8787594979546387, 10.94906990605142, 0),
        1: _Weights(176.39317598450694, 0, 0, 24.43300999870476, 0.28520802612117757, 0),
        2: _Weights(0, 0, 0, 8.826982764996862, 23.19243343998926, 0),
    },
    {
        0: _Weights(0, 0.9677937080626833, 0, 0, 0.9981766977854967, 0),
        1: _Weights(0, 0, 0, 34.77906344483772, 44.835625328877896, 0),
        2: _Weights(
            95.1080498811086, 0.9863978034400682, 0.9834382792465353, 0, 171.2667255897307, 0.9807858872435379
        ),
    },
)
# Smaller images are mirrored until they are that large: the smallest scale has to have 8 pixels in each direction.
_LEAST_SIDE = 128


class _Scale(NamedTuple):
    """Planes of the channels that count: what the eye sees, its mean around each pixel, and that of its square."""

    seen: "Planes"
    mean: "Planes"
    square: "Planes"


class Reference:
    """An image that others of its size are compared with; what is computed of it is kept."""

    def __init__(self, image: Image.Image) -> None:
        """`image` in RGB or L, in sRGB."""
        self._scales = [
            _Scale(seen, *_blurred(seen, seen * seen))
            for seen in (_seen(light, weights) for light, weights in _scales(image))
        ]

    def score(self, image: Image.Image) -> float:
        """SSIMULACRA2 of the image, in RGB or L and of the same size: 100 at most, and below 0 for what is far off."""
        difference = sum(
            _difference(scale, _seen(light, weights), list(weights.values()))
            for scale, (light, weights) in zip(self._scales, _scales(image), strict=True)
        )
        scaled = 0.9562382616834844 * difference
        curved = (
            2.326765642916932 * scaled - 0.020884521182843837 * scaled**2 + 6.248496625763138e-05 * scaled**3
        )
        return float(100 - 10 * max(curved, 0.0) ** 0.6276336467831387)


def _scales(image: Image.Image) -> "Iterator[tuple[Planes, dict[int, _Weights]]]":
    """The light of red, green and blue at each scale, and the weights there."""
    numbers = np.asarray(image.convert("RGB"))
    missing = [max(0, _LEAST_SIDE - side) for side in numbers.shape[:2]]
    if any(missing):
        numbers = np.pad(numbers, [(0, missing[0]), (0, missing[1]), (0, 0)], "symmetric")
    light = srgb_light().astype(np.float32).take(numbers.transpose(2, 0, 1))
    for weights in _WEIGHTS:
        yield light, weights
        light = _halved(light)


def _halved(planes: "Planes") -> "Planes":
    """Each pixel is the mean of four; beyond an edge, its pixels count twice."""
    _, height, width = planes.shape
    if height % 2 or width % 2:
        planes = np.pad(planes, [(0, 0), (0, height % 2), (0, width % 2)], "edge")
    rows = planes[:, ::2] + planes[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)


def _seen(light: "Planes", channels: Collection[int]) -> "Planes":
    """What the eye sees, XYB with all numbers above 0: of these channels, in their order."""
    needed = (0, 1, 2) if 2 in channels else (0, 1)
    dark = np.cbrt(np.float32(_BIAS))
    cones = []
    for cone in needed:
        taken = light[0] * np.float32(_CONES[cone][0])
        for color in (1, 2):
            taken += light[color] * np.float32(_CONES[cone][color])
        taken += np.float32(_BIAS)
        cones.append(np.cbrt(taken, out=taken) - dark)
    long, middle = cones[:2]
    brightness = (long + middle) * np.float32(0.5)
    planes = []
    for channel in channels:
        match channel:
            case 0:
                planes.append((long - middle) * np.float32(7) + np.float32(0.42))
            case 1:
                planes.append(brightness + np.float32(0.01))
            case _:
                planes.append(cones[2] - brightness + np.float32(0.55))
    return np.stack(planes)


def _difference(reference: _Scale, seen: "Planes", weights: Collection[_Weights]) -> float:
    """The weighted differences at one scale."""
    mean, square, product = _blurred(seen, seen * seen, seen * reference.seen)
    total = 0.0
    for channel, weight in enumerate(weights):
        mean_1, mean_2 = reference.mean[channel], mean[channel]
        shared = 2 * (product[channel] - mean_1 * mean_2) + _STABLE
        varied = (reference.square[channel] - mean_1 * mean_1) + (square[channel] - mean_2 * mean_2) + _STABLE
        structure = np.maximum(1 - (1 - (mean_1 - mean_2) ** 2) * shared / varied, 0)
        edges = 1 + np.abs(seen[channel] - mean_2)
        edges /= 1 + np.abs(reference.seen[channel] - mean_1)
        edges -= 1
        for plane, usual, worst in (
            (structure, weight.structure, weight.worst_structure),
            (np.maximum(edges, 0), weight.new, weight.worst_new),
            (np.maximum(-edges, 0), weight.lost, weight.worst_lost),
        ):
            if usual:
                total += usual * float(plane.mean())
            if worst:
                total += worst * float(np.square(np.square(plane)).mean()) ** 0.25
    return total


def _blurred(*planes: "Planes") -> "list[Planes]":
    """Each with its pixels mixed with their neighbors; beyond the edges is 0."""
    return [_across(_down(each)) for each in planes]


def _across(planes: "Planes") -> "Planes":
    width = planes.shape[2]
    mixed = np.empty_like(planes)
    rows, made = planes.reshape(-1, width), mixed.reshape(-1, width)
    for begin, end, shares in _bands(width):
        first, last = max(0, begin - _REACH), min(width, end + _REACH)
        made[:, begin:end] = rows[:, first:last] @ shares
    return mixed


def _down(planes: "Planes") -> "Planes":
    height = planes.shape[1]
    mixed = np.empty_like(planes)
    for begin, end, shares in _bands(height):
        first, last = max(0, begin - _REACH), min(height, end + _REACH)
        np.matmul(shares.T, planes[:, first:last], out=mixed[:, begin:end])
    return mixed


def _bands(length: int) -> "Iterator[tuple[int, int, Planes]]":
    """The places from one number to another, and what each of them, a column, takes of those around."""
    for begin in range(0, length, _STEP):
        end = min(begin + _STEP, length)
        sources = np.arange(max(0, begin - _REACH), min(length, end + _REACH))
        away = np.abs(sources[:, None] - np.arange(begin, end))
        yield begin, end, np.array([*_BLUR, 0], np.float32)[np.minimum(away, _REACH + 1)]
