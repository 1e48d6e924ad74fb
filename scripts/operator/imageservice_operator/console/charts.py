"""Charts as plain SVG: stacked bars for counts, lines for times. Each has its figures as a table, too.

A drawing is 100 wide and 100 high, and is stretched to its frame; text is outside of it, in HTML, so that it is never
distorted. All are pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

_GAP = 0.18  # of a bar's place
_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Bar:
    """A rectangle; `style` is the series' class in the style sheet."""

    x: float
    y: float
    width: float
    height: float
    style: str


@dataclass(frozen=True)
class Curve:
    """A polyline, or several where values are missing between: `paths` are values of `d`."""

    path: str
    style: str


@dataclass(frozen=True)
class Series:
    """Values by period; None where there is none. `style` is a class in the style sheet."""

    name: str
    style: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Chart:
    """A drawing with what surrounds it. `top` is the value at its upper edge; `rows` are the table's, newest last.

    `summary` says in a sentence what the drawing shows, for those who don't see it.
    """

    title: str
    summary: str
    top: str
    times: Sequence[datetime]
    series: Sequence[Series]
    rows: Sequence[tuple[datetime, Sequence[str]]]
    bars: Sequence[Bar] = field(default=())
    curves: Sequence[Curve] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether nothing was measured."""
        return not any(value for each in self.series for value in each.values)


def stacked(title: str, times: Sequence[datetime], series: Sequence[Series]) -> Chart:
    """Counts by period, one series on top of the other."""
    sums = [sum(each.values[number] or 0 for each in series) for number in range(len(times))]
    top = _rounded_up(max(sums, default=0))
    place = 100 / max(len(times), 1)
    bars = []
    for number in range(len(times)):
        base = 100.0
        for each in series:
            height = (each.values[number] or 0) / top * 100
            if height:
                base -= height
                bars.append(
                    Bar(
                        round((number + _GAP / 2) * place, 2),
                        round(base, 2),
                        round((1 - _GAP) * place, 2),
                        round(height, 2),
                        each.style,
                    )
                )
    totals = ", ".join(f"{sum(value or 0 for value in each.values):,.0f} {each.name}" for each in series)
    rows = _rows(times, series, lambda value: f"{value or 0:,.0f}")
    return Chart(title, f"{title}: {totals}.", f"{top:,.0f}", times, series, rows, bars)


def lines(
    title: str, times: Sequence[datetime], series: Sequence[Series], text: Callable[[float], str]
) -> Chart:
    """Values by period, one line a series; `text` writes a value."""
    known = [value for each in series for value in each.values if value is not None]
    top = _rounded_up(max(known, default=0))
    place = 100 / max(len(times), 1)
    curves = [Curve(_path(each.values, place, top), each.style) for each in series]
    highest = ", ".join(
        f"{each.name} at most {text(max(value for value in each.values if value is not None))}"
        for each in series
        if any(value is not None for value in each.values)
    )
    rows = _rows(times, series, lambda value: "–" if value is None else text(value))
    summary = f"{title}: {highest or 'nothing measured'}."
    return Chart(title, summary, text(top), times, series, rows, curves=curves)


def of_counts(title: str, times: Sequence[datetime], counts: Mapping[str, Sequence[float]]) -> Chart:
    """`stacked`, with a style for each name: "from the cache" has the class from-the-cache."""
    return stacked(title, times, [Series(name, style_of(name), values) for name, values in counts.items()])


def style_of(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name).replace("--", "-")


def _path(values: Sequence[float | None], place: float, top: float) -> str:
    """Straight lines between the middles of the periods. A value between two that are missing is a short dash."""
    path, pen = [], False
    for number, value in enumerate(values):
        if value is None:
            pen = False
            continue
        x, y = (number + 0.5) * place, 100 - value / top * 100
        if pen:
            path.append(f"L{x:.2f} {y:.2f}")
        else:
            path.append(f"M{x - place * 0.2:.2f} {y:.2f}L{x:.2f} {y:.2f}")
        alone = number + 1 == len(values) or values[number + 1] is None
        if alone:
            path.append(f"L{x + place * 0.2:.2f} {y:.2f}")
        pen = True
    return "".join(path)


def _rounded_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 …; 1 for nothing."""
    if value <= 1:
        return 1
    power = 10 ** (len(str(int(value))) - 1)
    return float(next(step * power for step in _STEPS if step * power >= value))


def _rows(
    times: Sequence[datetime], series: Sequence[Series], text: Callable[[float | None], str]
) -> list[tuple[datetime, Sequence[str]]]:
    return [(at, [text(each.values[number]) for each in series]) for number, at in enumerate(times)]


def clock(at: datetime, times: Sequence[datetime]) -> str:
    """A period's beginning, as an axis shows it: 09:35; among times of more than one day, 26 Nov 09:00."""
    return f"{at:%d %b %H:%M}" if times[0].date() != times[-1].date() else f"{at:%H:%M}"
