"""history: what happened to an image, or in one execution."""

from __future__ import annotations

from typing import Any

import click
from rich.padding import Padding
from rich.text import Text

from imageservice_operator.cli.output import fact, facts, status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import executions, images
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.wording import ago


@command("history", "What happened to an image, or in one execution.")
@click.argument("which", metavar="ID|EXECUTION")
def history(session: Session, which: str) -> None:
    """Show what happened to an image, execution by execution; or in one execution, state by state."""
    if which.startswith("arn:"):
        _events(session, executions.describe(session.stack, which))
        return
    image = images.get(session.stack, which)
    found = executions.of_image(session.stack, which, image.execution)
    for each in found:
        session.emit(each.as_json())
        show_execution(session, each)
    if not found:
        session.show("Step Functions knows no execution for this image.")


def show_execution(session: Session, execution: Execution) -> None:
    """An execution in a few lines. Its ARN is on a line of its own, unbroken, so that it can be copied."""
    reason = execution.input.get("detail", {}).get("reason")
    stopped, redriven = execution.stopped, execution.redrive_count
    facts_of_it = (
        ago(execution.started),
        execution.machine,
        reason,
        f"took {(stopped - execution.started).total_seconds():.1f} s" if stopped else None,
        f"redriven {redriven} {'time' if redriven == 1 else 'times'}" if redriven else None,
    )
    line = untrusted("  ".join(str(fact) for fact in facts_of_it if fact))
    session.show(Text.assemble(status_text(execution.status), "  ", line))
    session.show_whole(Text("  ") + untrusted(execution.arn))
    if execution.failure:
        cause = f"{execution.failure['name']}: {execution.failure['cause']}"
        session.show(Padding(untrusted(cause), (0, 0, 0, 2), expand=False))


def _events(session: Session, execution: Execution) -> None:
    session.show_whole(fact("execution", execution.arn))
    session.show(
        facts(
            {
                "image": execution.image_id,
                "status": status_text(execution.status),
                "redriven": f"{execution.redrive_count} times" if execution.redrive_count else None,
                "cause": execution.failure and f"{execution.failure['name']}: {execution.failure['cause']}",
            }
        )
    )
    shown = table("time", "event", "state", "note", right=("time",))
    state = ""
    for event in executions.history(session.stack, execution.arn):
        session.emit(event)
        details: dict[str, Any] = next((v for k, v in event.items() if k.endswith("EventDetails") and v), {})
        state = details.get("name", state) if "State" in event["type"] else state
        if event["type"].endswith(("Scheduled", "TaskStarted", "FunctionStarted")):
            continue
        note = ": ".join(str(details[name])[:200] for name in ("error", "cause") if details.get(name))
        seconds = (event["timestamp"] - execution.started).total_seconds()
        shown.add_row(f"{seconds:.2f} s", event["type"], untrusted(state), untrusted(note))
    session.show(shown)
