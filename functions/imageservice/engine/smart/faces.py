"""Finds faces with YuNet, a network of 53,000 weights that NumPy computes in 30 ms, as OpenCV does with 150 MB of code.

Source: Wu, Peng, Yu: YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence Research 20 (2023). The graph
is that of face_detection_yunet_2023mar.onnx; the decoding is that of OpenCV's FaceDetectorYN. yunet.LICENSE is beside
it.
"""

from functools import cache
from importlib.resources import files
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SCORE, _OVERLAP = 0.6, 0.3  # FaceDetectorYN's own overlap; its default score of 0.9 is for recognition
_STRIDES = (8, 16, 32)
_MOST = 200  # candidates that are compared with each other
_CLS, _BOX, _OBJ = 14, 17, 20  # the first unit of each head


class Face(NamedTuple):
    """A face's box in pixels, and how sure the network is, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


def faces(rgb: NDArray[np.uint8]) -> list[Face]:
    """The faces in an image of height × width × 3, the surest first. It takes time and memory by its pixels."""
    height, width = rgb.shape[:2]
    fine, middle, coarse = _features(_stem(rgb))
    found = [
        face
        for number, features in enumerate((fine, middle, coarse))
        for face in _decoded(features, number, _STRIDES[number])
    ]
    found.sort(key=lambda face: -face.score)
    distinct: list[Face] = []
    for face in found[:_MOST]:
        if all(_overlap(face, other) <= _OVERLAP for other in distinct):
            distinct.append(face)
    return [
        face._replace(
            left=max(face.left, 0.0),
            top=max(face.top, 0.0),
            right=min(face.right, float(width)),
            bottom=min(face.bottom, float(height)),
        )
        for face in distinct
    ]


@cache
def _weights() -> dict[str, Floats]:
    with files(__package__).joinpath("yunet.npz").open("rb") as file, np.load(file) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def _stem(rgb: NDArray[np.uint8]) -> Floats:
    """The first layer, 3 × 3 with a stride of 2, of the image in BGR, with black around it to multiples of 32."""
    height, width = rgb.shape[:2]
    tall, wide = -(-height // 32) * 32, -(-width // 32) * 32
    padded = np.zeros((3, tall + 2, wide + 2), np.float32)
    padded[:, 1 : height + 1, 1 : width + 1] = rgb[:, :, ::-1].transpose(2, 0, 1)
    shifted = [
        padded[:, row : row + tall : 2, column : column + wide : 2] for row in range(3) for column in range(3)
    ]
    weights = _weights()
    made: Floats = (
        weights["stem_weight"] @ np.stack(shifted, 1).reshape(27, -1) + weights["stem_bias"][:, None]
    )
    return np.maximum(made, 0, out=made).reshape(16, tall // 2, wide // 2)


def _features(stem: Floats) -> tuple[Floats, Floats, Floats]:
    """The features at 1/8, 1/16 and 1/32 of the size."""
    quarter = _halved(_unit(stem, 0))
    eighth = _units(_halved(_units(quarter, 1, 2, 3, 4)), 5, 6)
    sixteenth = _units(_halved(eighth), 7, 8)
    coarse = _units(_halved(sixteenth), 9, 10, 11)
    middle = _unit(sixteenth + _doubled(coarse), 12)
    return _unit(eighth + _doubled(middle), 13), middle, coarse


def _units(features: Floats, *numbers: int) -> Floats:
    for number in numbers:
        features = _unit(features, number)
    return features


def _unit(features: Floats, number: int, *, bounded: bool = True) -> Floats:
    """A 1 × 1 convolution over all channels, and a 3 × 3 one in each; `bounded` below by 0."""
    weights, name = _weights(), f"{number:02}"
    channels, height, width = features.shape
    mixed = weights[f"{name}_point_weight"] @ features.reshape(channels, -1)
    mixed += weights[f"{name}_point_bias"][:, None]
    padded = np.pad(mixed.reshape(-1, height, width), ((0, 0), (1, 1), (1, 1)))
    kernel = weights[f"{name}_depth_weight"]
    made: Floats = np.repeat(weights[f"{name}_depth_bias"], height * width).reshape(-1, height, width)
    for row in range(3):
        for column in range(3):
            part = padded[:, row : row + height, column : column + width]
            made += kernel[:, row, column, None, None] * part
    if bounded:
        np.maximum(made, 0, out=made)
    return made


def _halved(features: Floats) -> Floats:
    channels, height, width = features.shape
    pooled: Floats = features.reshape(channels, height // 2, 2, width // 2, 2).max(axis=(2, 4))
    return pooled


def _doubled(features: Floats) -> Floats:
    return features.repeat(2, axis=1).repeat(2, axis=2)


def _decoded(features: Floats, level: int, stride: int) -> list[Face]:
    cls, box, obj = (_unit(features, head + level, bounded=False) for head in (_CLS, _BOX, _OBJ))
    scores = np.sqrt(_sigmoid(cls[0]) * _sigmoid(obj[0]))
    rows, columns = np.nonzero(scores >= _SCORE)
    across, down, wide, tall = np.clip(box[:, rows, columns], -8, 8)
    middle_x, middle_y = (columns + across) * stride, (rows + down) * stride
    half_x, half_y = np.exp(wide) * stride / 2, np.exp(tall) * stride / 2
    edges = middle_x - half_x, middle_y - half_y, middle_x + half_x, middle_y + half_y
    return list(
        starmap(Face, zip(*(edge.tolist() for edge in edges), scores[rows, columns].tolist(), strict=True))
    )


def _sigmoid(values: Floats) -> Any:
    return 1 / (1 + np.exp(-np.clip(values, -60, 60)))


def _overlap(one: Face, other: Face) -> float:
    """The part of the area of both that is in both."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (one.area + other.area - width * height)
