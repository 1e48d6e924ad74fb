"""At equal quality: how many bytes each format takes beside JPEG, and how much CPU time sharp takes beside the engine.

Qualities are numbers on each encoder's own scale, and shrinking loses some: bytes and times compare only at equal
SSIMULACRA2. Bytes between two measured qualities are interpolated along their logarithm.
"""

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from PIL import Image

from dev.benchmarks.comparison import FormatResult, Progress, Sizes, job_of, result, sizes_of
from dev.benchmarks.judge import ssimulacra2, unencoded
from dev.benchmarks.kinds import Kind
from dev.benchmarks.processes import CONTENDERS, running
from imageservice.engine.encode import encode

_WIDTH = 640
_QUALITIES = {"jpeg": (76, 82, 88), "webp": (80, 85, 90), "avif": (54, 62, 70)}
_MORE = (0, 6, 12)
_JUDGED = ("w320", "w640")


class Frontier(TypedDict):
    """By format: the bytes at JPEG's default score, as a share of JPEG's."""

    ssimulacra2: float
    bytes: int
    shares: dict[str, float]


class EqualSharp(TypedDict):
    """sharp at the engine's mean score: the quality that it needs on top of the engine's, and its whole job then, in
    turn with the engine's.

    `reached` is False where no quality up to 12 more brings it there: the numbers are then those of 12 more.
    """

    more: float
    reached: bool
    cpu_ms: float
    ours_cpu_ms: float
    bytes: float


def frontier(kind: Kind, progress: Progress) -> Frontier:
    """Of the image at a width of 640, shrunk from all of its pixels, encoded by the engine."""
    image = unencoded(kind.file, _WIDTH)
    points: dict[str, list[tuple[float, float]]] = {}
    for name, qualities in _QUALITIES.items():
        progress(f"bytes at equal quality, {name}")
        points[name] = [_point(image, name, quality) for quality in qualities]
    score, log_bytes = points["jpeg"][1]
    shares = {name: math.exp(_interpolated(score, points[name]) - log_bytes) for name in ("avif", "webp")}
    return Frontier(ssimulacra2=score, bytes=round(math.exp(log_bytes)), shares=shares)


def sharp_at_equal(kind: Kind, ours: Sizes, rounds: int, folder: Path, progress: Progress) -> EqualSharp:
    """sharp's whole job at the quality at which its renditions of 320 and 640 reach the engine's mean score.

    CPU times are the least of the rounds, size by size.
    """
    contenders = [each for each in CONTENDERS if each.name in ("sharp", "ours")]
    contender = contenders[1]
    sizes = sizes_of(kind)
    seen = [size for size in sizes if size.name in _JUDGED]
    least = _mean([each for size in seen for each in ours[size.name]["formats"].values()])
    scores = []
    with running(contenders) as (engine, process):
        for more in _MORE:
            progress(f"sharp at equal quality, {more} more")
            out = folder / f"sharp-{more}"
            for size in seen:
                process.ask(job_of(kind, contender, size, out, more))
            scores.append(_mean([result(kind, out, size, name) for size in seen for name in kind.formats]))
            if scores[-1] >= least:
                break
        reached = scores[-1] >= least
        more = round(float(np.interp(least, np.maximum.accumulate(scores), _MORE[: len(scores)])))
        engine.ask(job_of(kind, contenders[0], sizes[0]))
        jobs = [
            (job_of(kind, contender, size, None, more), job_of(kind, contenders[0], size)) for size in sizes
        ]
        answers = [[(process.ask(theirs), engine.ask(own)) for theirs, own in jobs] for _ in range(rounds)]
    return EqualSharp(
        more=more,
        reached=reached,
        cpu_ms=_least_cpu(answers, 0),
        ours_cpu_ms=_least_cpu(answers, 1),
        bytes=sum(sum(theirs["bytes"].values()) for theirs, _ in answers[0]),
    )


def _least_cpu(rounds: Sequence[Sequence[tuple[dict[str, Any], ...]]], whose: int) -> float:
    """Of all sizes together."""
    by_size = zip(*rounds, strict=True)
    return float(sum(min(answers[whose]["cpu_ms"] for answers in of_size) for of_size in by_size))


def _point(image: Image.Image, name: str, quality: int) -> tuple[float, float]:
    data = encode(image, name, {name: quality})
    return ssimulacra2(image, Image.open(BytesIO(data))), math.log(len(data))


def _interpolated(score: float, points: Sequence[tuple[float, float]]) -> float:
    """The logarithm of the bytes at a score; beyond the points, along the last two."""
    ordered = sorted(points)
    after = min(max(1, sum(each[0] < score for each in ordered)), len(ordered) - 1)
    (low, fewer), (high, more) = ordered[after - 1], ordered[after]
    return fewer + (score - low) / max(high - low, 0.1) * (more - fewer)


def _mean(results: Sequence[FormatResult]) -> float:
    return sum(each["ssimulacra2"] or 0 for each in results) / len(results)
