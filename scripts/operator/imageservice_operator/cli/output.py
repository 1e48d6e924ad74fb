"""Tables and progress bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
"""The width of a fact's name, in columns, so that facts printed one by one align with those of `facts`."""
STATUS_STYLES = {
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
    """A status in its color."""
    return Text(status or "not processed yet", style=STATUS_STYLES.get(status or "", "dim"))


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """A table without boxes; the columns in `right` are numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in right else "left",
            overflow="fold"
            if column in ("image", "cause", "note", "execution", "link or error", "key", "request")
            else "ellipsis",
            no_wrap=column in ("status", "time", "state"),
        )
    return made


def untrusted(value: object) -> Text:
    """Text from outside, such as an id: neither rich's markup nor a terminal's control characters work in it."""
    return Text("".join(c if c.isprintable() else "�" for c in str(value)))


def untrusted_lines(value: str) -> Text:
    """The same for a text of several lines."""
    return Text("\n").join(untrusted(line) for line in value.splitlines())


def escaped(value: object) -> str:
    """The same for a place where rich's markup works."""
    return escape(untrusted(value).plain)


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
    """Names and values, one pair a line; without those whose value is None."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold", min_width=FACT_WIDTH)
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        if value is not None:
            made.add_row(name, value if isinstance(value, Text) else untrusted(value))
    return made


def fact(name: str, value: str) -> Text:
    """As a line of `facts`, for what is to be copied and must not be wrapped."""
    return Text.assemble((f"{name:<{FACT_WIDTH}}  ", "bold"), untrusted(value))
