"""Failures, and what a replay would do, as they are printed."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from imageservice.failures.advice import advice_on
from imageservice_operator.cli.failures import show_group
from imageservice_operator.cli.replay import sum_up
from imageservice_operator.cli.session import Session
from imageservice_operator.operations import replay_plan
from imageservice_operator.operations.failures import FailedImage, Group
from imageservice_operator.operations.replay import Outcome
from imageservice_operator.operations.stack import Stack

CAUSE = "Redis: TimeoutError: Timeout reading from socket"
FAILURE = FailedImage("a.jpg", None, "ProcessImage", "CacheUnavailable", CAUSE, "", "FAILED", True)


def session_onto(out: io.StringIO) -> Session:
    console: Any = Console(file=out, width=80, highlight=False)
    return Session(lambda: Stack("images", "us-east-1", {}, lambda _: None), False, console, console)


def test_every_line_of_the_advice_is_indented() -> None:
    out = io.StringIO()
    advice = advice_on("CacheUnavailable", CAUSE)
    show_group(session_onto(out), Group("CacheUnavailable", CAUSE, advice, [FAILURE]))
    heading, *rest = out.getvalue().rstrip().splitlines()
    assert heading == "CacheUnavailable  1 image"
    assert [line for line in rest if not line.startswith("  ")] == []


def test_dry_run_says_what_would_be_done() -> None:
    out = io.StringIO()
    sum_up(session_onto(out), [Outcome("a.jpg", replay_plan.REDRIVEN)], dry_run=True, waited=False)
    assert "would be redriven" in out.getvalue().splitlines()[1]
    assert out.getvalue().splitlines()[-1] == "Dry run: 1 would be redriven"


def test_replay_says_what_was_done() -> None:
    out = io.StringIO()
    sum_up(session_onto(out), [Outcome("a.jpg", replay_plan.REDRIVEN)], dry_run=False, waited=False)
    assert out.getvalue().splitlines()[-1] == "1 redriven"
