"""How long ago and how many bytes, at the borders between units."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from imageservice.core.manifest import Search
from imageservice_operator.operations.wording import ago, receipt, size

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5.1, "in the future"),
        (-5, "now"),
        (4.9, "now"),
        (5, "5 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (61, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 hour ago"),
        (3700, "1 hour ago"),
        (7200, "2 hours ago"),
        (DAY - 1, "23 hours ago"),
        (DAY, "1 day ago"),
        (30 * DAY, "30 days ago"),
        (31 * DAY, "1 month ago"),
        (365 * DAY, "11 months ago"),
        (366 * DAY, "1 year ago"),
        (3 * 366 * DAY, "3 years ago"),
    ],
)
def test_how_long_ago_is_in_the_largest_whole_unit(seconds: float, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    "moment", ["2026-11-22T11:59:00.000Z", "2026-11-22T12:59:00+01:00", "2026-11-22T11:59:00"]
)
def test_times_in_text_count_in_their_zone_or_in_utc(moment: str) -> None:
    assert ago(moment, NOW) == "1 min ago"


def test_a_time_with_another_zone_is_converted() -> None:
    assert ago(datetime(2026, 11, 22, 20, 59, tzinfo=timezone(timedelta(hours=9))), NOW) == "1 min ago"


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_time_is_never(nothing: str | None) -> None:
    assert ago(nothing, NOW) == "never"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "–"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (35_542, "35.5 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (347_327, "347 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (999_999, "1.0 MB"),
        (2_797_589, "2.8 MB"),
        (999_999_999, "1.0 GB"),
        (10**12, "1.0 TB"),
        (10**16, "10000 TB"),
    ],
)
def test_bytes_have_three_digits_at_most(count: int | None, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ({"target": 78, "outcome": "reached", "quality": 62, "score": 78.4}, "78.4 of 78, quality 62"),
        ({"target": 78, "outcome": "reached", "score": 95.5}, "95.5 of 78, lossless"),
        (
            {"target": 90, "outcome": "nearest", "quality": 94, "score": 86.0},
            "86.0 of 90, quality 94, the nearest",
        ),
        (
            {"target": 78, "outcome": "out_of_time", "quality": 84, "score": 71.2},
            "71.2 of 78, quality 84, out of time",
        ),
        ({"target": 78, "outcome": "original"}, "no larger than the original"),
    ],
)
def test_a_receipt_says_score_target_and_quality(search: Search, words: str) -> None:
    assert receipt(search) == words
