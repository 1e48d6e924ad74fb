"""The types of options that are a point in time, or a length of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from imageservice_operator.operations.wording import utc

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = timedelta(days=36500)


class Moment(click.ParamType[datetime]):
    """A point in time: 90min, 2h, 3d ago, or a date and time in ISO 8601 (in UTC where it has no zone)."""

    name = "WHEN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        span = re.fullmatch(r"(\d{1,6})\s*(s|min|m|h|d|w)", value)
        if span:
            return datetime.now(UTC) - min(timedelta(seconds=int(span[1]) * _UNITS[span[2]]), _LONGEST)
        try:
            moment = utc(value)
        except (ValueError, OverflowError):
            moment = None
        return moment or self.fail("give 90min, 2h, 3d, or a date such as 2026-11-22T08:00", param, ctx)


class Duration(click.ParamType[float]):
    """A length of time in seconds: 30s, 10min, 2h; a number without a unit is in seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        span = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)\s*(s|min|m|h|d|w|)", value)
        if not span:
            self.fail("give 30s, 10min or 2h", param, ctx)
        return float(span[1]) * _UNITS[span[2] or "s"]
