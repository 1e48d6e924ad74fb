"""An execution as `images history` prints it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from imageservice_operator.cli.history import show_execution
from imageservice_operator.cli.session import Session
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.stack import Stack

ARN = (
    "arn:aws:states:us-east-1:000000000000:execution:local-ProcessImage:7c9e6679-7425-40de-944b-e07fc1f90ae7"
)
BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
FAILED = Execution(
    arn=ARN,
    name="7c9e6679-7425-40de-944b-e07fc1f90ae7",
    machine="ProcessImage",
    status="FAILED",
    started=BEGAN,
    stopped=BEGAN + timedelta(seconds=3),
    input={"detail": {"reason": "PutObject"}},
    output=None,
    error="CacheUnavailable",
    cause="Redis: TimeoutError: Timeout reading from socket while all the others went on as if nothing were wrong",
    redrive_count=0,
    redrive_status="REDRIVABLE",
    redrive_reason=None,
    image_id="a.jpg",
    sequencer="5",
)


def printed(width: int) -> list[str]:
    out = io.StringIO()
    stack = Stack("images", "us-east-1", {}, lambda _: None)
    session = Session(
        lambda: stack, False, Console(file=out, width=width, highlight=False), Console(stderr=True)
    )
    show_execution(session, FAILED)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [20, 80, 160])
def test_arn_stands_whole_on_a_line_of_its_own(width: int) -> None:
    assert f"  {ARN}" in printed(width)


def test_status_and_what_it_was_started_by_come_first() -> None:
    first = printed(80)[0]
    assert first.startswith("FAILED  ")
    assert first.endswith("ProcessImage  PutObject  took 3.0 s  a.jpg")


def test_every_line_of_the_cause_is_indented() -> None:
    cause = printed(80)[2:]
    assert len(cause) == 2
    assert all(line.startswith("  ") for line in cause)
