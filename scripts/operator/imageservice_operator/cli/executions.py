"""executions: the executions of all workflows, by image, status, time, duration and error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from imageservice.core.timestamps import to_text
from imageservice_operator.cli.history import show_execution
from imageservice_operator.cli.moment import Duration, Moment
from imageservice_operator.cli.output import status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import execution_search, image_history, images, map_runs
from imageservice_operator.operations.execution_search import STATUSES, Found, Query
from imageservice_operator.operations.stack import MACHINES


def when_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that choose executions whether they run or not: machines, since, until and at_least."""
    for option in (
        click.option(
            "--longer-than",
            "at_least",
            type=Duration(),
            default=0.0,
            help="Only what took at least this long: 30s, 10min.",
        ),
        click.option("--until", type=Moment(), help="Only what started until this time."),
        click.option(
            "--since", type=Moment(), help="Only what started since this time: 2h, 3d, 2026-11-22T08:00."
        ),
        click.option(
            "--workflow",
            "machines",
            multiple=True,
            type=click.Choice(list(MACHINES)),
            help="Only this workflow.",
        ),
    ):
        function = option(function)
    return function


@command("executions", "The executions of all workflows, by image, status, time and error.")
@when_options
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only this status.")
@click.option("--error", default="", metavar="NAME", help="Only this error, such as CacheUnavailable.")
@click.option("--image", "image_id", metavar="ID", help="Only this image's executions.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="At most this many, the newest.",
)
@click.option("--counts", "only_counts", is_flag=True, help="Only count them, by workflow and status.")
def show_executions(
    session: Session, image_id: str | None, limit: int, only_counts: bool, **options: Any
) -> None:
    """Show executions of all workflows, newest first, with their image and their error.

    Times are in UTC. A run of ReprocessImages is shown with its progress and the originals that failed.
    `images history EXECUTION` shows one of them state by state; `images stop` stops one or many.
    """
    query = Query(**options)
    if only_counts:
        _counts(session, query)
        return
    found = (
        _of_image(session, image_id, query, limit)
        if image_id
        else execution_search.found(session.stack, query, limit)
    )
    for each in found.executions:
        run = map_runs.latest(session.stack, each.arn) if each.machine == "ReprocessImages" else None
        failed = map_runs.failed_items(session.stack, run) if run and run.failed else []
        session.emit(
            {
                **each.as_json(),
                **(
                    {"map_run": run.as_json(), "failed_items": [item.as_json() for item in failed]}
                    if run
                    else {}
                ),
            }
        )
        show_execution(session, each)
        if run:
            session.show(f"  {run.done:,} of {run.total:,} originals done, {run.failed:,} failed")
            for item in failed:
                session.show(untrusted(f"    {item.image_id}  {item.error}: {item.cause}"))
                session.show_whole(untrusted(f"      {item.execution}"))
    if not found.executions:
        session.show("No execution fits.")
    if not found.complete:
        last = found.executions[-1].started if found.executions else None
        session.say(_more(found, last))


def _of_image(session: Session, image_id: str, query: Query, limit: int) -> Found:
    item = images.get(session.stack, image_id).item
    now = datetime.now(UTC)
    every = image_history.of_image(session.stack, image_id, item, 1000 if query != Query() else limit + 1)
    fitting = [each for each in every if query.matches(each, now) and execution_search.fits(each, query)]
    return Found(fitting[:limit], len(every), len(fitting) <= limit)


def _more(found: Found, last: datetime | None) -> str:
    if found.looked_at >= execution_search.DESCRIBED:
        return f"The newest {found.looked_at:,} failures were searched; --until goes on from an earlier time."
    return f"There are more: --limit, or --until {to_text(last)}" if last else ""


def _counts(session: Session, query: Query) -> None:
    if query.error:
        raise click.UsageError("--counts counts what a listing says, which has no errors: leave out --error.")
    counted = execution_search.counts(execution_search.listed(session.stack, query))
    session.emit(
        {machine: dict(counted.get(machine, {})) for machine in execution_search.machines(session.stack)}
    )
    session.show(_counted(session, counted))


def _counted(session: Session, counted: Mapping[str, Counter[str]]) -> Any:
    machines = execution_search.machines(session.stack)
    shown = table("status", *machines, right=machines)
    for status in STATUSES:
        shown.add_row(
            status_text(status), *(f"{counted.get(each, Counter())[status]:,}" for each in machines)
        )
    shown.add_row("all", *(f"{counted.get(each, Counter()).total():,}" for each in machines))
    return shown
