"""Charts: what is drawn, what the table behind each says, and what a screen reader hears."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from imageservice_operator.console import charts
from imageservice_operator.console.charts import Series

START = datetime(2026, 11, 26, 9, tzinfo=UTC)
TIMES = [START + timedelta(minutes=5 * number) for number in range(4)]
counts = some.lists(some.integers(0, 10**9).map(float), min_size=4, max_size=4)


def test_bars_of_a_period_stand_on_each_other_and_fill_the_scale() -> None:
    chart = charts.of_counts("Images", TIMES, {"ready": [0, 6, 0, 0], "failed": [0, 4, 2, 0]})
    assert chart.top == "10"
    ready, failed, alone = chart.bars
    assert (ready.y, ready.height, failed.y, failed.height) == (40, 60, 0, 40)
    assert (ready.x, ready.style, alone.style, alone.y) == (failed.x, "ready", "failed", 80)


@given(counts, counts)
def test_no_bar_leaves_the_drawing_and_heights_are_in_proportion(a: list[float], b: list[float]) -> None:
    chart = charts.of_counts("Images", TIMES, {"ready": a, "failed": b})
    for bar in chart.bars:
        assert 0 <= bar.x <= 100 - bar.width
        assert -0.01 <= bar.y <= 100 - bar.height + 0.02
    assert chart.is_empty == (not any(a) and not any(b))
    assert [row[1] for row in chart.rows] == [[f"{x:,.0f}", f"{y:,.0f}"] for x, y in zip(a, b, strict=True)]


def test_the_summary_says_what_the_drawing_shows() -> None:
    chart = charts.of_counts("Images, last hour", TIMES, {"ready": [1, 2, 0, 0], "failed": [0, 0, 1, 0]})
    assert chart.summary == "Images, last hour: 3 ready, 1 failed."


def test_a_line_breaks_where_nothing_was_measured() -> None:
    chart = charts.lines(
        "Time", TIMES, [Series("p50", "p50", [10, None, 20, 40])], lambda value: f"{value} s"
    )
    (curve,) = chart.curves
    assert curve.path == "M7.50 80.00L12.50 80.00L17.50 80.00M57.50 60.00L62.50 60.00L87.50 20.00L92.50 20.00"
    assert [row[1] for row in chart.rows] == [["10 s"], ["–"], ["20 s"], ["40 s"]]
    assert chart.summary == "Time: p50 at most 40 s."


def test_nothing_measured_is_said() -> None:
    chart = charts.lines("Time", TIMES, [Series("p50", "p50", [None] * 4)], str)
    assert (chart.is_empty, chart.summary) == (True, "Time: nothing measured.")


@pytest.mark.parametrize(
    ("highest", "top"), [(0, "1"), (1, "1"), (3, "5"), (10, "10"), (11, "20"), (99, "100"), (501, "1,000")]
)
def test_the_scale_ends_at_a_round_number(highest: float, top: str) -> None:
    assert charts.of_counts("Images", TIMES, {"ready": [highest, 0, 0, 0]}).top == top


def test_an_axis_names_the_day_only_if_there_are_several() -> None:
    assert charts.clock(TIMES[1], TIMES) == "09:05"
    assert charts.clock(START, [START, START + timedelta(hours=20)]) == "26 Nov 09:00"
