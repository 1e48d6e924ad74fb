"""The templates' filters: numbers, times and statuses as text. All are pure functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from imageservice.core.formats import format_named
from imageservice_operator.operations.wording import utc

STATUSES = {
    None: ("Uploaded", "no workflow has processed it yet"),
    "PROCESSING": ("Processing", "its workflow is running"),
    "READY": ("Ready", "every size is made, and every cache is current"),
    "REJECTED": ("Rejected", "the image is bad; its metadata says why"),
    "FAILED": ("Failed", "something broke; it can be replayed"),
    "DELETED": ("Removed", "readers get 410 Gone"),
    "RUNNING": ("Running", "the workflow is running"),
    "SUCCEEDED": ("Succeeded", "the workflow finished"),
    "TIMED_OUT": ("Timed out", "the workflow exceeded its time limit"),
    "ABORTED": ("Stopped", "an operator stopped the workflow"),
}
MACHINES = {
    "ProcessImage": "Processing",
    "RemoveImage": "Removal",
    "ReprocessImages": "Reprocessing",
    "PurgeCdn": "Purge",
}


def exact(value: datetime | str | None) -> str:
    """The time to the second in UTC."""
    at = utc(value)
    return at.strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def clock_ms(value: datetime) -> str:
    """The time of day in UTC, to the millisecond: 09:30:12.345."""
    return f"{value.astimezone(UTC):%H:%M:%S.%f}"[:-3]


def machine_time(value: datetime | str | None) -> str:
    """For a `datetime` attribute."""
    at = utc(value)
    return at.isoformat(timespec="milliseconds") if at else ""


def lasted(seconds: float | None) -> str:
    """A duration: "8 ms", "2.17 s", "41 s", "3 min 5 s", "2 h 4 min"."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def status_word(status: str | None) -> str:
    return STATUSES.get(status, (str(status).capitalize(), ""))[0]


def status_meaning(status: str | None) -> str:
    return STATUSES.get(status, ("", ""))[1]


def machine_word(machine: str) -> str:
    """What an execution of a state machine does, by the machine's name in the template."""
    return MACHINES.get(machine, machine)


def format_label(name: str) -> str:
    """A format as people write it: "WebP" for webp."""
    known = format_named(name)
    return known.label if known else name.upper()


def times(count: int) -> str:
    """ "once", "2 times"."""
    return "once" if count == 1 else f"{count} times"


def pretty(value: Any) -> str:
    """The value as indented JSON; text that is JSON is parsed first, also within the value. Other text is unchanged."""
    return (
        value
        if isinstance(value := unfolded(value), str)
        else json.dumps(value, indent=2, ensure_ascii=False)
    )


DEEPEST = 50
"""Levels of JSON that a page shows."""


def unfolded(value: Any, depth: int = 0) -> Any:
    """The value, with every text in it that is a JSON object or list parsed, to a depth of 6.

    What is nested deeper than 50 levels is left out: a page must not fail on it.
    """
    if depth > DEEPEST and isinstance(value, (dict, list)):
        return "…"
    if isinstance(value, str) and value[:1] in ("{", "[") and depth < 6:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, dict):
        return {name: unfolded(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [unfolded(inner, depth + 1) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value


def plural(count: int, one: str, many: str = "") -> str:
    """The count with its noun: "1 image", "3 images"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def counted(count: int, at_most: int | None = None) -> str:
    """A count as text: "" for 0, "1,000+" for one that reached `at_most`, where counting ends."""
    return "" if count == 0 else f"{count:,}+" if count == at_most else f"{count:,}"


def megapixels(width: int | None, height: int | None) -> str:
    """Pixels as "12.2 MP" or "0.35 MP"; of less than 0.1 MP as "160 × 90 px"."""
    if not width or not height:
        return ""
    number = width * height / 1e6
    if number < 0.1:
        return f"{width} × {height} px"
    return f"{number:.1f} MP" if number >= 1 else f"{number:.2f} MP"


def anchor(text: str) -> str:
    """An element id derived from the text: letters and digits, always the same for the same text."""
    return "a" + sha256(text.encode()).hexdigest()[:16]
