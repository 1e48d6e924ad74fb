"""The records of who did what, as they are printed."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from imageservice_operator.cli.audit import show_entry
from imageservice_operator.cli.session import Session
from imageservice_operator.operations.audit import Entry
from imageservice_operator.operations.stack import Stack

HARM = "\x1b[2J[red]\u202egpj.exe"


def test_nothing_in_a_record_reaches_the_terminal_but_as_text() -> None:
    out = io.StringIO()
    console: Any = Console(file=out, width=80, force_terminal=True, color_system=None)
    session = Session(Stack("images", "us-east-1", {}, lambda _: None), False, console, console)
    at = "2026-11-26T03:41:07.000Z"
    show_entry(session, Entry(at, HARM, "API", HARM, HARM, HARM, None, {"prefix": HARM}, HARM, at))
    assert "[red]" in out.getvalue()
    assert "2026-11-26 03:41:07 UTC" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()
    assert "\u202e" not in out.getvalue()
