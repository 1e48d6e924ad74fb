"""What a stack did in the last hour and the last day, from CloudWatch's metrics: one call for both.

The metrics are the stack's own (ImageService) and Step Functions' (AWS/States). They are up to two minutes late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from imageservice_operator.operations.stack import Stack

# Images by outcome, and readers' answers by where they came from: a name, and the metrics that it sums.
OUTCOMES = {
    "ready": ("ImagesReady",),
    "rejected": ("ImagesRejected",),
    "failed": ("ImagesFailed",),
    "removed": ("ImagesRemoved",),
}
READS = {
    "from the cache": ("CacheHit", "CacheShared"),
    "from the table": ("CacheMiss",),
    "from the table, cache unavailable": ("CacheBypass",),
    "failed": ("StoreUnavailable",),
}
_PERCENTILES = ("p50", "p90")
_OWN = "ImageService"


@dataclass(frozen=True)
class Window:
    """A length of time that ends now, in `periods` of equal length."""

    name: str
    period: timedelta
    periods: int

    @property
    def length(self) -> timedelta:
        return self.period * self.periods

    def begin(self, now: datetime) -> datetime:
        """When the first period begins. Periods begin at multiples of their length; the last one is not over."""
        seconds = self.period.total_seconds()
        last = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
        return last - self.period * (self.periods - 1)


HOUR = Window("hour", timedelta(minutes=5), 12)
DAY = Window("day", timedelta(hours=1), 24)
WINDOWS = (HOUR, DAY)


@dataclass(frozen=True)
class Activity:
    """What happened in a window: counts by period, and milliseconds from an execution's start to its end.

    `took` has None for a period in which none ended; `took_all` is for the whole window, None if none ended.
    """

    window: Window
    begin: datetime
    started: Sequence[float]
    outcomes: Mapping[str, Sequence[float]]
    reads: Mapping[str, Sequence[float]]
    took: Mapping[str, Sequence[float | None]]
    took_all: Mapping[str, float | None]

    @property
    def moments(self) -> list[datetime]:
        """When each period began."""
        return [self.begin + self.window.period * number for number in range(self.window.periods)]

    @property
    def totals(self) -> dict[str, int]:
        """The counts of the window: started, and each outcome."""
        outcomes = {name: int(sum(values)) for name, values in self.outcomes.items()}
        return {"started": int(sum(self.started)), **outcomes}

    @property
    def redirects(self) -> int:
        """How many of the readers' questions were answered."""
        return int(sum(sum(values) for values in self.reads.values()))

    @property
    def cache_hits(self) -> float | None:
        """The share of readers' answers that came from the cache; None if there were none."""
        return sum(self.reads["from the cache"]) / self.redirects if self.redirects else None

    def as_json(self) -> dict[str, Any]:
        return {
            **self.totals,
            "p50_ms": self.took_all["p50"],
            "p90_ms": self.took_all["p90"],
            "reads": self.redirects,
            "cache_hits": self.cache_hits,
        }


@dataclass(frozen=True)
class _Series:
    """One metric of one window. `whole` asks for one value of the whole window instead of one a period."""

    window: Window
    namespace: str
    name: str
    stat: str = "Sum"
    whole: bool = False


def of(stack: Stack, now: datetime | None = None) -> dict[str, Activity]:
    """What happened in each window, by its name."""
    now = now or datetime.now(UTC)
    wanted = [series for window in WINDOWS for series in _series(window)]
    values = _read(stack, wanted, now)
    return {window.name: _activity(window, now, values) for window in WINDOWS}


def _series(window: Window) -> Iterable[_Series]:
    yield _Series(window, "AWS/States", "ExecutionsStarted")
    for names in (*OUTCOMES.values(), *READS.values()):
        yield from (_Series(window, _OWN, name) for name in names)
    for stat in _PERCENTILES:
        yield _Series(window, "AWS/States", "ExecutionTime", stat)
    for stat in (*_PERCENTILES, "SampleCount"):
        yield _Series(window, "AWS/States", "ExecutionTime", stat, whole=True)


def _read(
    stack: Stack, wanted: Sequence[_Series], now: datetime
) -> dict[_Series, list[tuple[datetime, float]]]:
    """The points of each series. One call answers for 500 metrics and 100,800 points."""
    queries = [
        {"Id": f"s{number}", "MetricStat": _metric_stat(stack, series)}
        for number, series in enumerate(wanted)
    ]
    found: dict[_Series, list[tuple[datetime, float]]] = {series: [] for series in wanted}
    pages = stack.client("cloudwatch").get_paginator("get_metric_data")
    begin = min(window.begin(now) for window in WINDOWS)
    for page in pages.paginate(MetricDataQueries=queries, StartTime=begin, EndTime=now):
        for result in page["MetricDataResults"]:
            series = wanted[int(result["Id"][1:])]
            found[series] += zip(result["Timestamps"], result["Values"], strict=True)
    return found


def _metric_stat(stack: Stack, series: _Series) -> dict[str, Any]:
    own = {"Name": "service", "Value": stack.name}
    states = {"Name": "StateMachineArn", "Value": stack.machine_arn("ProcessImage")}
    metric = {
        "Namespace": series.namespace,
        "MetricName": series.name,
        "Dimensions": [own if series.namespace == _OWN else states],
    }
    period = series.window.length if series.whole else series.window.period
    return {"Metric": metric, "Period": int(period.total_seconds()), "Stat": series.stat}


def _activity(
    window: Window, now: datetime, values: Mapping[_Series, list[tuple[datetime, float]]]
) -> Activity:
    begin = window.begin(now)

    def periods(name: str, stat: str = "Sum", namespace: str = _OWN) -> list[float | None]:
        row: list[float | None] = [None] * window.periods
        for at, value in values[_Series(window, namespace, name, stat)]:
            place = (at - begin) // window.period
            if 0 <= place < window.periods:
                row[place] = value
        return row

    def counts(*names: str, namespace: str = _OWN) -> list[float]:
        rows = [periods(name, namespace=namespace) for name in names]
        return [sum(value or 0 for value in column) for column in zip(*rows, strict=True)]

    def whole(stat: str) -> float | None:
        """Where the window lies in two of CloudWatch's periods, their mean by the number of values."""
        points, weights = (
            dict(values[_Series(window, "AWS/States", "ExecutionTime", each, whole=True)])
            for each in (stat, "SampleCount")
        )
        recent = {at: value for at, value in points.items() if at + window.length > begin}
        number = sum(weights.get(at, 0) for at in recent)
        return sum(value * weights.get(at, 0) for at, value in recent.items()) / number if number else None

    return Activity(
        window,
        begin,
        counts("ExecutionsStarted", namespace="AWS/States"),
        {name: counts(*names) for name, names in OUTCOMES.items()},
        {name: counts(*names) for name, names in READS.items()},
        {stat: periods("ExecutionTime", stat, "AWS/States") for stat in _PERCENTILES},
        {stat: whole(stat) for stat in _PERCENTILES},
    )
