"""ICC profiles made from the numbers in containers: PNG's gamma and chromaticities, CICP codes of PNG, AVIF, HEIC.

Sources: ICC.1:2022 (the profile), ITU-T H.273 (the codes), SMPTE ST 2084 and ITU-R BT.2100 (PQ and HLG).
"""

import struct
from collections.abc import Callable
from functools import lru_cache

Point = tuple[float, float]
Chromaticities = tuple[Point, Point, Point, Point]
"""White, red, green and blue as CIE x, y."""
_Matrix = tuple[tuple[float, float, float], ...]

_D65 = (0.3127, 0.3290)
SRGB: Chromaticities = (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
D50_POINT: Point = (0.3457, 0.3585)
_PRIMARIES: dict[int, Chromaticities] = {
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # DCI P3
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
_BRADFORD: _Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_D50 = (0.9642, 1.0, 0.8249)
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
_PQ, _HLG = 16, 18
_SDR_WHITE = 203.0  # cd/m², ITU-R BT.2408
_KNEE = 0.8
_STEPS = 1024
_S_CURVE = struct.pack(">4sIHH", b"para", 0, 3, 0) + struct.pack(
    ">5i", *(round(value * 65536) for value in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)


@lru_cache(maxsize=32)
def from_gamma(gamma: float, chromaticities: Chromaticities, gray: bool) -> bytes:
    """A profile whose samples are light to the power of `gamma` (0.45455 is usual)."""
    curve = struct.pack(">4sIHHi", b"para", 0, 0, 0, round(65536 / gamma))
    return _profile(curve, chromaticities, gray)


def from_primaries(chromaticities: Chromaticities) -> bytes:
    """A profile of these primaries with sRGB's curve."""
    return _profile(_S_CURVE, chromaticities, gray=False)


@lru_cache(maxsize=32)
def from_codes(primaries: int, transfer: int, gray: bool) -> bytes | None:
    """A profile for CICP codes, or None where they mean sRGB, nothing known, or what is shown as sRGB anyway.

    PQ and HLG are shown on a screen of 203 cd/m²: up to 0.8 of its white as they are, brighter light compressed.
    """
    if transfer in _GAMMAS:
        curve = struct.pack(">4sIHHi", b"para", 0, 0, 0, round(65536 * _GAMMAS[transfer]))
    elif transfer == _PQ:
        curve = _table(_pq)
    elif transfer == _HLG:
        curve = _table(_hlg)
    elif primaries in _PRIMARIES:
        curve = _S_CURVE
    else:
        return None
    return _profile(curve, _PRIMARIES.get(primaries, SRGB), gray)


def _profile(curve: bytes, chromaticities: Chromaticities, gray: bool) -> bytes:
    tags = {b"wtpt": _xyz(_D50)}
    if gray:
        tags[b"kTRC"] = curve
    else:
        columns = zip(*_to_d50(chromaticities), strict=True)
        for name, column in zip((b"r", b"g", b"b"), columns, strict=True):
            tags[name + b"XYZ"] = _xyz(column)
            tags[name + b"TRC"] = curve
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    space = b"GRAY" if gray else b"RGB "
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"\0" * 4, 0x04200000, b"mntr", space, b"XYZ ")
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + _xyz(_D50)[8:]
    return head.ljust(128, b"\0") + table + body


def _xyz(values: tuple[float, ...]) -> bytes:
    return struct.pack(">4sI3i", b"XYZ ", 0, *(round(value * 65536) for value in values))


def _to_d50(chromaticities: Chromaticities) -> _Matrix:
    """RGB to XYZ under D50, by Bradford adaptation."""
    (white_x, white_y), *primaries = chromaticities
    white = (white_x / white_y, 1.0, (1 - white_x - white_y) / white_y)
    columns = tuple((x / y, 1.0, (1 - x - y) / y) for x, y in primaries)
    unscaled: _Matrix = tuple(zip(*columns, strict=True))
    scale = _apply(_inverse(unscaled), white)
    to_xyz: _Matrix = tuple((row[0] * scale[0], row[1] * scale[1], row[2] * scale[2]) for row in unscaled)
    there, here = _apply(_BRADFORD, white), _apply(_BRADFORD, _D50)
    ratio = [b / a for a, b in zip(there, here, strict=True)]
    cone: _Matrix = tuple(
        (row[0] * factor, row[1] * factor, row[2] * factor)
        for row, factor in zip(_BRADFORD, ratio, strict=True)
    )
    return _product(_inverse(_BRADFORD), _product(cone, to_xyz))


def _apply(matrix: _Matrix, vector: tuple[float, ...]) -> tuple[float, float, float]:
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def _product(left: _Matrix, right: _Matrix) -> _Matrix:
    return tuple(zip(*(_apply(left, column) for column in zip(*right, strict=True)), strict=True))


def _inverse(m: _Matrix) -> _Matrix:
    (a, b, c), (d, e, f), (g, h, i) = m
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    cofactors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return tuple((x / determinant, y / determinant, z / determinant) for x, y, z in cofactors)


def _table(light: Callable[[float], float]) -> bytes:
    """A curve of what is seen on a screen of ordinary brightness, from light in cd/m²."""
    values = [round(65535 * _compressed(light(step / (_STEPS - 1)) / _SDR_WHITE)) for step in range(_STEPS)]
    return struct.pack(f">4sII{_STEPS}H", b"curv", 0, _STEPS, *values)


def _compressed(light: float) -> float:
    if light <= _KNEE:
        return light
    room = 1 - _KNEE
    return _KNEE + room * (1 - 1 / (1 + (light - _KNEE) / room))


def _pq(signal: float) -> float:
    power = signal ** (1 / 78.84375)
    return 10_000.0 * float(
        (max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    )


def _hlg(signal: float) -> float:
    scene = (
        signal * signal / 3
        if signal <= 0.5
        else (2.718281828 ** ((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
    )
    return 1000.0 * float(scene**1.2)
