"""A moment as text, both ways: ISO 8601 in UTC with milliseconds and Z, such as 2026-11-25T12:00:00.000Z.

Step Functions writes times in this form, and ImageTable stores them. As all have the same length and zone, they sort
as text: that is how the index by-status orders images.
"""

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """The moment as text; cut to milliseconds, not rounded. Raises ValueError if it has no time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The moment in any ISO 8601 text with a time zone. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)


def now() -> str:
    """This moment as text."""
    return to_text(datetime.now(UTC))
