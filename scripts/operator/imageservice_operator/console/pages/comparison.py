"""Two executions side by side, and what differs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from starlette.requests import Request
from starlette.responses import Response

from imageservice_operator.console.context import Context, context_of, render, required
from imageservice_operator.operations import comparison, executions, stories


def page(request: Request) -> Response:
    """The executions with the ARNs `a` and `b`."""
    context = context_of(request)
    arns = [required(request, name).strip() for name in ("a", "b")]
    described = [executions.describe(context.stack, arn) for arn in arns]
    read = [stories.read(executions.history(context.stack, arn)) for arn in arns]
    definitions = [_definition(context, arn) for arn in arns]
    return render(
        request,
        "comparison.html",
        section="executions",
        sides=described,
        compared=comparison.compare(described[0], read[0], described[1], read[1]),
        same_workflow=None if None in definitions else definitions[0] == definitions[1],
        now=datetime.now(UTC),
        most=comparison.MOST_VALUES,
    )


def _definition(context: Context, arn: str) -> dict[str, Any] | None:
    """The definition that the execution runs; None if Step Functions no longer has it."""
    try:
        return executions.definition(context.stack, arn)
    except ClientError:
        return None
