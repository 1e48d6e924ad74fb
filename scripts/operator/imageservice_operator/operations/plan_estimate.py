"""A sum over all images, estimated from a sample, with its confidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean, stdev


@dataclass(frozen=True)
class Estimate:
    """A sum over all images, from a sample: it lies within `margin` of `total` with 95 % confidence.

    None as `margin` says that a sample of one says nothing about it.
    """

    total: float
    margin: float | None

    @classmethod
    def of(cls, values: Sequence[float], population: int) -> Estimate:
        """From a sample without replacement, by Student's distribution and with the finite population's correction."""
        if not values or not population:
            return cls(0.0, 0.0)
        number = len(values)
        if number == population:
            return cls(sum(values), 0.0)
        if number == 1:
            return cls(values[0] * population, None)
        spread = stdev(values) / sqrt(number) * sqrt(1 - number / population)
        return cls(fmean(values) * population, student(number - 1) * spread * population)

    @classmethod
    def sum(cls, parts: Iterable[Estimate]) -> Estimate:
        """Of populations that were sampled apart."""
        total, square, known = 0.0, 0.0, True
        for part in parts:
            total += part.total
            known = known and part.margin is not None
            square += (part.margin or 0.0) ** 2
        return cls(total, sqrt(square) if known else None)

    def as_json(self) -> dict[str, float | None]:
        return {"total": round(self.total, 6), "margin": self.margin and round(self.margin, 6)}


def student(freedom: int, confidence: float = 0.95) -> float:
    """The two-sided quantile of Student's distribution: within 0.8 % from 3 degrees of freedom on.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5; 1 and 2 degrees are exact.
    """
    tail = (1 + confidence) / 2
    if freedom == 1:
        return 12.706
    if freedom == 2:
        return 4.303
    z = NormalDist().inv_cdf(tail)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
