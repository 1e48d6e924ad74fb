"""logs: what the functions logged about an image's latest execution, or about any execution."""

from __future__ import annotations

from collections import Counter

import click
from rich.padding import Padding

from imageservice_operator.cli.output import fact, table, untrusted, untrusted_lines
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import executions, images
from imageservice_operator.operations.errors import ExecutionNotFound
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.logs import frames, of_execution
from imageservice_operator.operations.stack import Stack


@command("logs", "What the functions logged about an image, with stack traces.")
@click.argument("which", metavar="ID|EXECUTION")
@click.option("--errors", is_flag=True, help="Only errors, with the whole stack trace.")
def logs(session: Session, which: str, errors: bool) -> None:
    """Show what the functions logged about an image's latest execution, or about an execution, oldest first.

    After the lines come the errors with the application's own calls that led to them. --errors shows the whole stack
    traces, --json the whole lines.
    """
    execution = _execution(session.stack, which)
    session.show_whole(fact("execution", execution.arn))
    lines = [line for line in of_execution(session.stack, execution) if not errors or line.level == "ERROR"]
    for line in lines:
        session.emit({"at": line.at, **line.fields})
    if not lines:
        session.show(
            "The functions logged no error." if errors else "The functions logged nothing, or nothing yet."
        )
        return
    shown = table("time", "level", "message", "size", "request")
    for line in lines:
        shown.add_row(
            f"{line.at:%H:%M:%S.%f}"[:-3],
            line.level,
            untrusted(": ".join(filter(None, (line.message, line.reason)))),
            untrusted(line.size),
            untrusted(line.request),
        )
    session.show(shown)
    traces = [line.stack_trace for line in lines if line.stack_trace]
    for text, times in Counter(traces if errors else map(_in_short, traces)).items():
        again = f"{times} times: " if times > 1 else ""
        session.show(Padding(untrusted_lines(again + text), (1, 0, 0, 2), expand=False))


def _in_short(stack_trace: str) -> str:
    """The error, and the application's own calls that led to it."""
    return "\n  ".join((stack_trace.strip().rpartition("\n")[2], *frames(stack_trace)))


def _execution(stack: Stack, which: str) -> Execution:
    if which.startswith("arn:"):
        return executions.describe(stack, which)
    image = images.get(stack, which)
    if not image.execution:
        raise ExecutionNotFound(f"No execution has worked on {which} yet.")
    return executions.describe(stack, image.execution)
