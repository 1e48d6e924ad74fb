"""Prices in US dollars: one dated table with a source for each (prices.json), which `images cost` and estimates use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

INVALIDATION_FREE_PATHS = 1_000
CLOUDFRONT_FREE_GB = 1_000
CLOUDFRONT_FREE_REQUESTS = 10_000_000
CLOUDFRONT_FREE_FUNCTION_RUNS = 2_000_000


@dataclass(frozen=True)
class Price:
    """Dollars for one `unit` of a `service`, and the page that says so."""

    name: str
    usd: float
    unit: str
    service: str
    source: str


@cache
def _table() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files(__package__).joinpath("prices.json").read_text())
    return content


def region() -> str:
    return str(_table()["region"])


def date() -> str:
    """The day on which the prices were looked up."""
    return str(_table()["date"])


@cache
def prices() -> dict[str, Price]:
    """Every price, by its name in prices.json."""
    return {name: Price(name, **price) for name, price in _table()["prices"].items()}


def usd(name: str) -> float:
    """Dollars for one unit of the price of this name."""
    return prices()[name].usd
