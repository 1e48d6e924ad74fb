"""stop: end executions that run."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click

from imageservice_operator.cli.executions import when_options
from imageservice_operator.cli.output import counting, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import execution_search, executions
from imageservice_operator.operations.errors import ExecutionNotFound
from imageservice_operator.operations.execution_search import Query
from imageservice_operator.operations.executions import RUNNING


@command("stop", "Stop executions that run.")
@click.argument("arns", nargs=-1, metavar="[EXECUTION]...")
@click.option("--running", is_flag=True, help="All that run and fit the other options.")
@when_options
@click.option(
    "--cause", default="Stopped by an operator.", help="What the execution's history says about it."
)
@click.option("--yes", is_flag=True, help="Don't ask.")
def stop(
    session: Session, arns: tuple[str, ...], running: bool, cause: str, yes: bool, **options: Any
) -> None:
    """Stop executions: those given, or with --running all that run and fit the options.

    The image of a stopped execution becomes FAILED, with the error Stopped; `images replay` resumes it where it
    stopped. A stopped run of ReprocessImages stops the images in progress, too; `images reprocess --resume` resumes it.
    """
    query = Query(**options)
    if bool(arns) == running or (arns and query != Query()):
        raise click.UsageError("Give either executions, or --running with options that choose some.")
    if running:
        listed = execution_search.listed(session.stack, replace(query, statuses=(RUNNING,)))
        arns = tuple(each.arn for each in listed)
    if not arns:
        session.show("Nothing runs that fits.")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Stopping asks first; without a terminal it needs --yes.")
        question = f"Stop {len(arns)} execution{'s' if len(arns) > 1 else ''} of {session.stack.name}?"
        click.confirm(question, abort=True, err=True)
    with counting(session.err) as progress:
        bar = progress.add_task("Stopping", total=len(arns))
        for arn in arns:
            progress.advance(bar)
            _stop(session, arn, cause)


def _stop(session: Session, arn: str, cause: str) -> None:
    try:
        stopped = executions.stop(session.stack, arn, cause)
        note = "stopped" if stopped else "had ended before"
    except ExecutionNotFound as error:
        stopped, note = False, str(error)
        session.not_all_well()
    session.emit({"execution": arn, "stopped": stopped, "note": note})
    session.show_whole(untrusted(f"{note}: {arn}" if arn not in note else note))
