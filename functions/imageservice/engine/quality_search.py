"""The least quality at which a rendition reaches a score, found by trying.

Of a large rendition, four parts are tried, so that a try takes no more time and memory than a megapixel does.
"""

from collections.abc import Callable
from math import ceil, floor
from time import process_time
from typing import NamedTuple

from PIL import Image

from imageservice.core.manifest import Outcome, Search
from imageservice.engine.encode import Prepared, prepared, smallest
from imageservice.engine.pixels.judge import Judge, sampled

LEAST_QUALITY, MOST_QUALITY = 30, 95
"""What is tried: below, gradients get bands, which the score hardly sees; above, a point takes too many bytes."""

_TRIES = 7
# Scores that are so little above the target will do: a point is about 2 % of the bytes.
_CLOSE = 1.0
# A first guess: AVIF and JPEG gain 0.4 to 0.7 points with each step of quality, WebP 0.3 to 0.6.
_POINTS_A_STEP = 0.5
_LOSSLESS = b"VP8L"


class Found(NamedTuple):
    """The quality that a search settles on, and how it ended."""

    quality: int
    outcome: Outcome


def encode_to_target(
    image: Image.Image, format: str, target: int, most_seconds: float
) -> tuple[bytes, Search]:
    """`image` (L, LA, RGB or RGBA in sRGB) in `format` (avif, webp or jpeg), with no more bytes than the target needs.

    The target is a score by SSIMULACRA2 of what comes out beside `image`. Where quality 95 does not reach it, a
    quality is taken that scores at most a point less than 95 does. After `most_seconds` of CPU time no more is tried:
    the least quality so far that reaches the target is taken, or the default. Only then may the same image come out
    differently.
    """
    begin = process_time()

    def is_over() -> bool:
        return process_time() - begin > most_seconds

    what = prepared(image, format, {})
    default = int(what.options["quality"])
    judge = Judge(what.image)
    whole = _Tries(what, judge)
    if what.drawn and whole.score(default) >= target and _LOSSLESS in whole.data(default)[:16]:
        return whole.data(default), _receipt(target, "reached", None, whole.score(default))
    part = sampled(what.image)
    tries = whole if what.drawn or part is what.image else _Tries(what._replace(image=part), judge)
    quality, outcome = search(tries.score, default, target, is_over)
    while outcome == "reached" and whole.score(quality) < target and quality < MOST_QUALITY and not is_over():
        missing = target - whole.score(quality)
        quality = min(quality + ceil(missing / _POINTS_A_STEP), MOST_QUALITY)
    score = whole.score(quality)
    if outcome == "reached" and score < target:
        outcome = "nearest" if quality == MOST_QUALITY else "out_of_time"
    return whole.data(quality), _receipt(target, outcome, quality, score)


def search(score: Callable[[int], float], first: int, target: float, is_over: Callable[[], bool]) -> Found:
    """The least quality found whose score is at least the target; by interpolation, with seven tries at most."""
    scores: dict[int, float] = {}
    outcome: Outcome = "reached"
    quality = first
    while True:
        scores[quality] = score(quality)
        if quality == MOST_QUALITY and scores[quality] < target:
            target, outcome = scores[quality] - _CLOSE, "nearest"
        enough = min((each for each in scores if scores[each] >= target), default=None)
        less = max((each for each in scores if enough is None or each < enough), default=LEAST_QUALITY - 1)
        if enough is not None and (scores[enough] < target + _CLOSE or less == enough - 1):
            return Found(enough, outcome)
        if len(scores) == _TRIES or is_over():
            return Found(first, "out_of_time") if enough is None else Found(enough, outcome)
        quality = _next(scores, less, enough or MOST_QUALITY + 1, target + _CLOSE / 2)


def _next(scores: dict[int, float], less: int, enough: int, goal: float) -> int:
    """A quality between one that scores less than the goal and one that scores more.

    As long as one of them is not known, steps get larger, in case the score hardly changes.
    """
    if less in scores and enough in scores:
        share = (goal - scores[less]) / max(scores[enough] - scores[less], 0.1)
        guess = less + share * (enough - less)
    else:
        tried = less if less in scores else enough
        step = max(abs(goal - scores[tried]) / _POINTS_A_STEP, 2 ** (len(scores) - 1))
        guess = tried + (step if tried == less else -step)
    return min(max(round(guess), less + 1), enough - 1)


class _Tries:
    """Each quality's bytes and score; each is encoded once."""

    def __init__(self, what: Prepared, judge: Judge) -> None:
        self._what, self._judge = what, judge
        self._made: dict[int, tuple[bytes, float]] = {}

    def data(self, quality: int) -> bytes:
        return self._tried(quality)[0]

    def score(self, quality: int) -> float:
        return self._tried(quality)[1]

    def _tried(self, quality: int) -> tuple[bytes, float]:
        if quality not in self._made:
            data = smallest(self._what.of_quality(quality))
            self._made[quality] = data, self._judge.score(data)
        return self._made[quality]


def _receipt(target: int, outcome: Outcome, quality: int | None, score: float) -> Search:
    """The score is rounded down, so that one below the target never looks like it."""
    receipt = Search(target=target, outcome=outcome, score=floor(score * 10) / 10)
    if quality is not None:
        receipt["quality"] = quality
    return receipt
