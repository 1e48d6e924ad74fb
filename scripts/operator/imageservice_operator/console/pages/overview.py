"""The overview: what is wrong now and the button that puts it right, the last hour and the last day, and the cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.requests import Request
from starlette.responses import Response

from imageservice_operator.console import charts
from imageservice_operator.console.charts import Chart, Series
from imageservice_operator.console.context import (
    IDLE_REFRESH_S,
    RUNNING_REFRESH_S,
    Context,
    context_of,
    render,
)
from imageservice_operator.console.filters import lasted
from imageservice_operator.operations import activity, cost
from imageservice_operator.operations.activity import Activity
from imageservice_operator.operations.cost import Bill


def page(request: Request) -> Response:
    """The page has no parameters."""
    context = context_of(request)
    health = context.health()
    done, reason = _activity(context)
    bill, no_bill = _bill(context, done)
    return render(
        request,
        "overview.html",
        section="overview",
        health=health,
        windows=done,
        rows=_rows(done),
        charts=[chart for each in done for chart in _charts(each)],
        reason=reason,
        bill=bill,
        no_bill=no_bill,
        progress=context.replays.current if context.replays.running else None,
        busy=context.replays.running,
        refresh=RUNNING_REFRESH_S if context.replays.running else IDLE_REFRESH_S,
    )


def _activity(context: Context) -> tuple[Sequence[Activity], str]:
    """The last hour and the last day; without the permission to read metrics, none, and why."""
    try:
        found = context.activity()
    except (ClientError, BotoCoreError) as error:
        return (), str(error)
    return [found[window.name] for window in activity.WINDOWS], ""


def _bill(context: Context, done: Sequence[Activity]) -> tuple[Bill | None, str]:
    """What an hour like the last one costs; None while that is counted, or with the reason if it can't be."""
    rates = context.rates()
    if rates is None or not done:
        return None, ""
    if isinstance(rates, str):
        return None, rates
    hour = done[0]
    return cost.per_hour(hour.totals["ready"], hour.redirects, *rates), ""


def _rows(done: Sequence[Activity]) -> list[tuple[str, Sequence[str]]]:
    """The table of both windows: what, and a value each."""
    if not done:
        return []
    names = ("started", *activity.OUTCOMES)
    rows: list[tuple[str, Sequence[str]]] = [
        (name.capitalize(), [f"{each.totals[name]:,}" for each in done]) for name in names
    ]
    for percentile, title in (("p50", "Half within"), ("p90", "Nine of ten within")):
        rows.append((f"{title} ({percentile})", [_time(each.took_all[percentile]) for each in done]))
    rows.append(("Reads", [f"{each.redirects:,}" for each in done]))
    hits = [each.cache_hits for each in done]
    rows.append(("From the cache", ["–" if each is None else f"{each:.1%}" for each in hits]))
    return rows


def _charts(done: Activity) -> list[Chart]:
    window, times = f"last {done.window.name}", done.moments
    took = [Series(name, name, values) for name, values in done.took.items()]
    return [
        charts.of_counts(f"Images by outcome, {window}", times, done.outcomes),
        charts.lines(f"From upload to READY, {window}", times, took, _time),
        charts.of_counts(f"Where reads were answered from, {window}", times, done.reads),
    ]


def _time(milliseconds: Any) -> str:
    return "–" if milliseconds is None else lasted(milliseconds / 1000)
