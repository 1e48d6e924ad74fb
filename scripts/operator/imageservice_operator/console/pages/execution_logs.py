"""What the functions logged about an execution, or in the very request that one attempt of a state made."""

from __future__ import annotations

from itertools import islice

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from imageservice_operator.console.context import RUNNING_REFRESH_S, context_of, render, required
from imageservice_operator.operations import executions, logs, stories
from imageservice_operator.operations.executions import RUNNING
from imageservice_operator.operations.stories import Attempt, Visit

LINES_SHOWN = 100


def page(request: Request) -> Response:
    """The lines about the execution `arn`; with `visit` and `attempt` (counted from 1), of that attempt alone."""
    context, arn = context_of(request), required(request, "arn")
    described = executions.describe(context.stack, arn)
    visit, attempt = None, None
    if request.query_params.get("visit"):
        visit, attempt = _attempt(request, stories.read(executions.history(context.stack, arn)))
        found = logs.of_attempt(context.stack, described, visit, attempt)
    else:
        found = list(islice(logs.of_execution(context.stack, described), LINES_SHOWN + 1))
    return render(
        request,
        "execution_logs.html",
        section="executions",
        execution=described,
        visit=visit,
        attempt=attempt,
        number=request.query_params.get("attempt", "1"),
        lines=found[:LINES_SHOWN],
        more=len(found) > LINES_SHOWN,
        frames=logs.frames,
        refresh=RUNNING_REFRESH_S * 3 if described.status == RUNNING else 0,
    )


def _attempt(request: Request, story: stories.Story) -> tuple[Visit, Attempt]:
    chosen, number = request.query_params["visit"], request.query_params.get("attempt", "1")
    for visit in story.all_visits():
        if str(visit.id) == chosen:
            for place, attempt in enumerate(visit.attempts, 1):
                if str(place) == number:
                    return visit, attempt
    raise HTTPException(404, "The execution has no such attempt.")
