"""Points in time and lengths of time as people type them, on the command line and in the console."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.wording import utc

_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = timedelta(days=36500)


def moment(text: str) -> datetime:
    """A time: "90min", "2h" or "3d" ago, or a date and time in ISO 8601, in UTC if it has no zone.

    Raises BadRequest.
    """
    span = re.fullmatch(r"([0-9]{1,6})\s*(s|min|m|h|d|w)", text)
    if span:
        return datetime.now(UTC) - min(timedelta(seconds=int(span[1]) * _UNITS[span[2]]), _LONGEST)
    try:
        found = utc(text)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise BadRequest("give 90min, 2h, 3d, or a date such as 2026-11-22T08:00")
    return found


def duration(text: str) -> float:
    """A length of time in seconds: "30s", "10min", "2h"; a number without a unit is in seconds. Raises BadRequest."""
    span = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*(s|min|m|h|d|w|)", text)
    if not span:
        raise BadRequest("give 30s, 10min or 2h")
    return float(span[1]) * _UNITS[span[2]]
