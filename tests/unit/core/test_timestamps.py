"""A moment as text, both ways."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageservice.core.timestamps import from_text, now, to_text

MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-11))]
    ),
)


def test_a_moment_is_utc_with_milliseconds() -> None:
    moment = datetime(2026, 11, 25, 1, 2, 3, 456_999, timezone(timedelta(hours=2)))
    assert to_text(moment) == "2026-11-24T23:02:03.456Z"


@given(MOMENTS)
def test_a_text_is_the_same_moment_to_the_millisecond(moment: datetime) -> None:
    assert timedelta() <= moment - from_text(to_text(moment)) < timedelta(milliseconds=1)


@given(MOMENTS, MOMENTS)
def test_later_moments_never_sort_before_earlier_ones(one: datetime, other: datetime) -> None:
    assert (to_text(one) <= to_text(other)) or one > other


def test_what_s3_and_step_functions_write_is_read() -> None:
    assert from_text("2026-11-25T12:00:00Z") == from_text("2026-11-25T13:00:00.000+01:00")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-25T12:00:00", "2026-11-25", "2026-13-01T00:00:00Z"]
)
def test_a_text_that_names_no_moment_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_text(text)


def test_a_moment_without_a_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_text(datetime(2026, 11, 25))  # noqa: DTZ001 - the point


def test_now_is_now() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert before <= from_text(now()) <= datetime.now(UTC)
