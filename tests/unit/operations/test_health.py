"""What is wrong now, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imageservice_operator.operations.failures import DESCRIBED_AT_MOST, FailedImage
from imageservice_operator.operations.health import LONG, Health
from imageservice_operator.operations.images import STATUSES

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def health(failed: Sequence[FailedImage] = (), letters: int = 0, busy: int = 0, **more: Any) -> Health:
    counts = {**dict.fromkeys(STATUSES, 0), "PROCESSING": busy}
    return Health(counts, failed, {"uploads": letters}, at=NOW, **more)


def failure(number: int, error: str = "Bug", *, recorded: bool = True) -> FailedImage:
    status = "FAILED" if recorded else "PROCESSING"
    return FailedImage(f"{number}.jpg", None, "ProcessImage", error, "", "", status, recorded)


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (health(), "All is well"),
        (health(busy=3), "Nothing has failed so far; 3 in progress."),
        (health([failure(1)]), "1 failure with Bug. "),
        (
            health([failure(1), failure(2), failure(3, "Throttled")]),
            "3 failures with Bug and another error. ",
        ),
        (
            health([failure(number, f"E{number}") for number in range(4)]),
            "4 failures with E0 and 3 other errors. ",
        ),
        (health(letters=1), "About 1 event could not be delivered."),
        (health(busy=1, waiting_since=NOW - LONG), "Nothing has failed so far"),
        (
            health(busy=1, waiting_since=NOW - LONG - timedelta(seconds=1)),
            "An image has been PROCESSING for more",
        ),
    ],
)
def test_the_sentence_says_what_is_wrong(now: Health, begins: str) -> None:
    assert now.sentence.startswith(begins)


@pytest.mark.parametrize("missing", [0, 1])
def test_failures_that_were_not_all_looked_at_are_at_least_so_many(missing: int) -> None:
    failed = [failure(number, recorded=False) for number in range(DESCRIBED_AT_MOST - missing)]
    now = health(failed)
    assert now.sentence.startswith("At least 2,000 failures") == (missing == 0)
    assert now.as_json()["failures"]["complete"] == (missing == 1)
