"""Tables and progress bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

FACT_WIDTH = 10
"""Of a fact's name, in columns: so that facts told line by line stand below one another."""
_STYLES = {
    "READY": "green",
    "SUCCEEDED": "green",
    "PROCESSING": "cyan",
    "RUNNING": "cyan",
    "REJECTED": "yellow",
    "FAILED": "bold red",
    "TIMED_OUT": "bold red",
    "ABORTED": "red",
    "DELETED": "dim",
}


def status_text(status: str | None) -> Text:
    """A status in its colour."""
    return Text(status or "not taken up", style=_STYLES.get(status or "", "dim"))


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """A table without boxes; the columns in `right` are numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in right else "left",
            overflow="fold"
            if column in ("image", "cause", "note", "execution", "link", "key")
            else "ellipsis",
            no_wrap=column in ("status", "time", "state"),
        )
    return made


def plain(value: object) -> Text:
    """Somebody else's text: no markup of ours is read in it, and no terminal's."""
    return Text("".join(c if c.isprintable() else "�" for c in str(value)))


def marked(value: object) -> str:
    """Somebody else's text within our markup."""
    return escape(plain(value).plain)


def ago(moment: str | datetime | None) -> str:
    """How long ago, in the largest unit that says something."""
    if not moment:
        return "–"
    then = datetime.fromisoformat(moment.replace("Z", "+00:00")) if isinstance(moment, str) else moment
    seconds = max(0.0, (datetime.now(UTC) - then).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def size(length: int | None) -> str:
    """Bytes as people read them."""
    if length is None:
        return "–"
    value = float(length)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def counting(err: Console) -> Progress:
    """Bars that count things."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def transferring(err: Console) -> Progress:
    """Bars that count bytes."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def facts(pairs: Mapping[str, Any]) -> Table:
    """Names and what they are, one a line; what is None is left out."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold", min_width=FACT_WIDTH)
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        if value is not None:
            made.add_row(name, value if isinstance(value, Text) else plain(value))
    return made
