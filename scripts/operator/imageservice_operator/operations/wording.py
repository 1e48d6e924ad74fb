"""Times and sizes in words for people: the command line and the console show them the same way."""

from __future__ import annotations

from datetime import UTC, datetime

from imageservice.core.manifest import Search

_SPANS = (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3600), ("min", 60), ("s", 1))
_ABBREVIATED = ("min", "s")
_NOW_S = 5  # clocks of two machines differ by that much


def utc(value: datetime | str | None) -> datetime | None:
    """A time from boto3, or from an item's text, in UTC; one without a zone is in UTC. None for None or ""."""
    if not value:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def exact(moment: datetime) -> str:
    """A time to the second, with its zone: 2026-11-26 09:30:12 UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def receipt(search: Search) -> str:
    """How a rendition's quality was found, in a few characters: 78.4 of 78, quality 62."""
    outcome = search["outcome"]
    if outcome == "original":
        return "no larger than the original"
    quality = f"quality {search['quality']}" if "quality" in search else "lossless"
    more = {"nearest": ", the nearest", "out_of_time": ", out of time"}.get(outcome, "")
    return f"{search.get('score')} of {search['target']}, {quality}{more}"


def ago(value: datetime | str | None, now: datetime | None = None) -> str:
    """How long ago, in whole units, never rounded up: "now", "40 s ago", "1 min ago", "2 days ago".

    "never" for None, and "in the future" where the clocks disagree by more than 5 s.
    """
    moment = utc(value)
    if moment is None:
        return "never"
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < -_NOW_S:
        return "in the future"
    if seconds < _NOW_S:
        return "now"
    unit, length = next(span for span in _SPANS if seconds >= span[1])
    number = int(seconds // length)
    return f"{number} {unit}{'s' if number > 1 and unit not in _ABBREVIATED else ''} ago"


def size(count: int | None) -> str:
    """Bytes with at most three significant digits, in powers of ten: "812 B", "35.5 kB", "1.0 MB"; "–" for None."""
    if count is None:
        return "–"
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        # Decided after rounding: 999,999 bytes is 1.0 MB, not 1000 kB.
        if round(value) < 1000 or unit == "TB":
            break
    return f"{value:.1f} {unit}" if round(value, 1) < 100 else f"{value:.0f} {unit}"
