"""The executions of all workflows: searched, counted, paged, and stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from imageservice_operator.console.context import (
    IDLE_REFRESH_S,
    RUNNING_REFRESH_S,
    Context,
    context_of,
    render,
)
from imageservice_operator.console.urls import page as address
from imageservice_operator.operations import execution_search, images, map_runs, moments
from imageservice_operator.operations.errors import BadRequest, ImageNotFound
from imageservice_operator.operations.execution_search import STATUSES, Query
from imageservice_operator.operations.executions import RUNNING, Execution, Listed
from imageservice_operator.operations.map_runs import MapRun

PER_PAGE = 50
DESCRIBED = 60
"""The most executions that one page describes to find an error; the next page goes on. AWS allows about 15 a second."""
OF_ONE_IMAGE = 50
RUNS_SHOWN = 5


@dataclass(frozen=True)
class Row:
    """One execution of the list; `execution` is None if Step Functions no longer knows it."""

    listed: Listed
    execution: Execution | None
    seconds: float

    @property
    def prefix(self) -> str | None:
        """What a run of ReprocessImages makes again: the beginning of the ids; None for another workflow."""
        if self.execution is None or self.execution.machine != "ReprocessImages":
            return None
        given = self.execution.input
        return str(given.get("prefix", "")) if isinstance(given, dict) else ""


@dataclass(frozen=True)
class Fields:
    """What was typed into the search, as text; `page_at` is the ARN that the page begins with."""

    image: str
    workflow: str
    status: str
    since: str
    until: str
    longer: str
    error: str
    page_at: str

    @classmethod
    def of(cls, request: Request) -> Fields:
        names = ("image", "workflow", "status", "since", "until", "longer", "error", "from")
        return cls(*(request.query_params.get(name, "").strip() for name in names))

    def query(self) -> Query:
        """Raises BadRequest."""
        return Query(
            machines=(self.workflow,) if self.workflow else (),
            statuses=(self.status,) if self.status else (),
            since=_typed(moments.moment, "Started since", self.since),
            until=_typed(moments.moment, "until", self.until),
            at_least=_typed(moments.duration, "Longer than", self.longer) or 0.0,
            error=self.error,
        )

    def url(self, **changed: str) -> str:
        """The page's URL with these fields changed, from its beginning."""
        fields = {
            "image": self.image,
            "workflow": self.workflow,
            "status": self.status,
            "since": self.since,
            "until": self.until,
            "longer": self.longer,
            "error": self.error,
            **changed,
        }
        return address("/executions", **fields)


def page(request: Request) -> Response:
    """Optional parameters: those of `Fields`. Times are as on the command line: 2h, 3d, 2026-11-26T02:00."""
    context, fields = context_of(request), Fields.of(request)
    query, now = fields.query(), datetime.now(UTC)
    every = _of_image(context, fields.image) if fields.image else context.execution_list.newest()
    others = replace(query, statuses=())
    fitting = [each for each in every if others.matches(each, now)]
    fitting, unsearched = _with_error(context, fitting, fields.error) if fields.error else (fitting, 0)
    counts = Counter(each.status for each in fitting)
    chosen = [each for each in fitting if not fields.status or each.status == fields.status]
    start = next((place for place, each in enumerate(chosen) if each.arn == fields.page_at), 0)
    shown = chosen[start : start + PER_PAGE]
    described = context.executions.described(shown)
    rows = [Row(each, described.get(each.arn), _seconds(each, now)) for each in shown]
    busy = counts[RUNNING] > 0 or not context.execution_list.complete or unsearched > 0
    return render(
        request,
        "executions.html",
        section="executions",
        fields=fields,
        tabs=_tabs(fields, counts),
        workflows=execution_search.machines(context.stack),
        rows=rows,
        stoppable=any(each.status == RUNNING for each in shown),
        runs=_runs(context, every),
        first=start + 1,
        total=len(chosen),
        complete=context.execution_list.complete or bool(fields.image),
        unsearched=unsearched,
        errors=_errors(context, every),
        filtered=fields.url(status="") != "/executions",
        newer=fields.url(**{"from": chosen[max(start - PER_PAGE, 0)].arn}) if start else None,
        older=fields.url(**{"from": chosen[start + PER_PAGE].arn})
        if start + PER_PAGE < len(chosen)
        else None,
        refresh=RUNNING_REFRESH_S * 2 if busy else IDLE_REFRESH_S,
    )


def _typed(parse: Any, label: str, text: str) -> Any:
    """What was typed into a field, parsed; None for an empty one. Raises BadRequest that names the field."""
    try:
        return parse(text) if text else None
    except BadRequest as error:
        raise BadRequest(f"{label}: {error}.") from error


def _of_image(context: Context, image_id: str) -> Sequence[Listed]:
    """The image's executions; none if there is no such image."""
    try:
        item = images.get(context.stack, image_id).item
    except ImageNotFound:
        return []
    found = context.executions.of_image(image_id, item, OF_ONE_IMAGE)
    return [each.as_listed() for each in found]


def _with_error(context: Context, listed: Sequence[Listed], error: str) -> tuple[list[Listed], int]:
    """Those that failed with the error, and how many failed ones are not described yet."""
    query = Query(error=error)
    failed = [each for each in listed if each.status in query.listed_statuses]
    unknown = [each for each in failed if context.executions.known(each) is None]
    context.executions.described(unknown[:DESCRIBED])
    known = [(each, context.executions.known(each)) for each in failed]
    fitting = [each for each, execution in known if execution and execution_search.fits(execution, query)]
    return fitting, max(len(unknown) - DESCRIBED, 0)


def _errors(context: Context, listed: Sequence[Listed]) -> list[str]:
    """The names of the errors that are known so far, to choose from."""
    known = (context.executions.known(each) for each in listed)
    return sorted({each.failure["name"] for each in known if each and each.failure})


def _tabs(fields: Fields, counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Each status with its URL and its count under the other filters; "" is all.

    To Step Functions, an execution that rejects an image has failed, and a listing does not say why.
    """
    every = [("", fields.url(status=""), sum(counts.values()))]
    return every + [(status, fields.url(status=status), counts.get(status, 0)) for status in STATUSES]


def _runs(context: Context, listed: Sequence[Listed]) -> list[tuple[Listed, MapRun]]:
    """The reprocessings that run, with their progress."""
    running = [each for each in listed if each.machine == "ReprocessImages" and each.status == RUNNING]
    found = ((each, map_runs.latest(context.stack, each.arn)) for each in running[:RUNS_SHOWN])
    return [(each, run) for each, run in found if run]


def _seconds(listed: Listed, now: datetime) -> float:
    return ((listed.stopped or now) - listed.started).total_seconds()
