"""history: what happened to an image, or in one execution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from imageservice.failures.failed_execution import message_in, stack_trace_in
from imageservice_operator.cli.execution_details import show_comparison, show_cost, show_state
from imageservice_operator.cli.output import (
    fact,
    facts,
    status_text,
    table,
    untrusted,
    untrusted_lines,
)
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import executions, image_history, images, stories
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.logs import frames
from imageservice_operator.operations.stories import Story
from imageservice_operator.operations.wording import ago, exact


@command("history", "What happened to an image, or in one execution.")
@click.argument("which", metavar="ID|EXECUTION")
@click.option(
    "--events", "every_event", is_flag=True, help="Every event of the execution, as Step Functions has it."
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="At most this many executions.",
)
@click.option(
    "--search",
    type=click.IntRange(0, 10_000),
    metavar="N",
    help="Also look among the newest N executions of each workflow, for duplicate and late events (default 20).",
)
@click.option(
    "--state", metavar="NAME", help="One state's input, output, error and attempts: 'Resize thumb'."
)
@click.option("--compare", metavar="EXECUTION", help="What differs from another execution.")
@click.option("--cost", is_flag=True, help="What the execution cost, line by line.")
def history(
    session: Session,
    which: str,
    limit: int,
    search: int | None,
    **one: Any,
) -> None:
    """Show what happened to an image, execution by execution; or in one execution, state by state.

    Times are in UTC. With --json, an execution's events are printed as Step Functions returns them.
    """
    if which.startswith("arn:"):
        _one(session, executions.describe(session.stack, which), **one)
        return
    given = [name for name, value in one.items() if value]
    if given:
        option = "events" if given[0] == "every_event" else given[0]
        raise BadRequest(f"--{option} shows one execution: give its ARN (images history ID lists them).")
    image = images.get(session.stack, which)
    found = image_history.of_image(session.stack, which, image.item, limit, search)
    for each in found:
        session.emit(each.as_json())
        show_execution(session, each)
    if not found:
        session.show("Step Functions knows no execution for this image.")


def show_execution(session: Session, execution: Execution) -> None:
    """An execution in a few lines. Its ARN is on a line of its own, unbroken, so that it can be copied."""
    reason = execution.detail.get("reason")
    stopped, redriven = execution.stopped, execution.redrive_count
    facts_of_it = (
        exact(execution.started),
        execution.machine,
        reason,
        f"took {(stopped - execution.started).total_seconds():.1f} s" if stopped else None,
        f"redriven {redriven} {'time' if redriven == 1 else 'times'}" if redriven else None,
        execution.image_id,
    )
    line = untrusted("  ".join(str(fact) for fact in facts_of_it if fact))
    session.show(Text.assemble(status_text(execution.status), "  ", line))
    session.show_whole(Text("  ") + untrusted(execution.arn))
    if execution.failure:
        cause = f"{execution.failure['name']}: {execution.failure['cause']}"
        session.show(Padding(untrusted(cause), (0, 0, 0, 2), expand=False))


def _one(
    session: Session,
    execution: Execution,
    every_event: bool,
    state: str | None,
    compare: str | None,
    cost: bool,
) -> None:
    if not (state or compare or cost):
        _states(session, execution, every_event)
        return
    events = executions.history(session.stack, execution.arn)
    story = stories.read(events)
    if state:
        show_state(session, story, state)
    if compare:
        show_comparison(session, execution, story, compare)
    if cost:
        show_cost(session, execution, events)


def _states(session: Session, execution: Execution, every_event: bool) -> None:
    session.show_whole(fact("execution", execution.arn))
    stopped = execution.stopped
    session.show(
        facts(
            {
                "image": execution.image_id,
                "status": status_text(execution.status),
                "started": f"{exact(execution.started)}, {ago(execution.started)}",
                "ended": stopped
                and f"{exact(stopped)}, after {(stopped - execution.started).total_seconds():.1f} s",
                "redriven": f"{execution.redrive_count} times" if execution.redrive_count else None,
                "cause": execution.failure and f"{execution.failure['name']}: {execution.failure['cause']}",
            }
        )
    )
    events = executions.history(session.stack, execution.arn)
    for event in events:
        session.emit(event)
    story = stories.read(events)
    session.show("")
    if every_event:
        session.show(_every_event(events, story))
        return
    now = datetime.now(UTC)
    shown = table("began", "state", "size", "status", "took", "tries", "note", right=("took", "tries"))
    for visit in story.all_visits():
        status = "done" if visit.status == "succeeded" else visit.status
        shown.add_row(
            f"{visit.entered.astimezone(UTC):%H:%M:%S.%f}"[:-3],
            untrusted(visit.state),
            untrusted(visit.iteration.label if visit.iteration else ""),
            Text(status, style=_STYLES.get(visit.status, "")),
            f"{((visit.ended or now) - visit.entered).total_seconds():.2f} s",
            str(len(visit.attempts) or ""),
            untrusted(
                visit.error or next((each.error for each in reversed(visit.attempts) if each.error), "")
            ),
        )
    session.show(shown)
    for failed in _failures(story):
        session.show(Padding(untrusted_lines(failed), (1, 0, 0, 2), expand=False))
    if execution.failure:
        session.show("\nWhat the functions logged:")
        session.show_whole(untrusted(f"  images logs {execution.arn}"))


_STYLES = {
    "succeeded": "green",
    "failed": "bold red",
    "aborted": "red",
    "caught": "yellow",
    "running": "cyan",
}


def _failures(story: Story) -> Iterator[str]:
    """Each state that failed with its error, and the application's own calls that led to it."""
    for visit in story.all_visits():
        if visit.iterations or visit.status not in ("failed", "caught"):
            continue
        last = visit.attempts[-1] if visit.attempts else None
        error, cause = (last.error, last.cause) if last and last.error else (visit.error, visit.cause)
        size = f", size {visit.iteration.label}" if visit.iteration and visit.iteration.label else ""
        lines = [f"{visit.state}{size}: {error}: {message_in(cause)}"]
        yield "\n".join((*lines, *(f"  {frame}" for frame in frames(stack_trace_in(cause)))))


def _every_event(events: Sequence[Mapping[str, Any]], story: Story) -> Table:
    shown = table("time", "event", "state", "note", right=("time",))
    for event in events:
        details = stories.details(event)
        note = ": ".join(str(details[name])[:200] for name in ("error", "cause") if details.get(name))
        at = f"{event['timestamp'].astimezone(UTC):%H:%M:%S.%f}"[:-3]
        shown.add_row(at, event["type"], untrusted(story.state_of(event["id"])), untrusted(note))
    return shown
