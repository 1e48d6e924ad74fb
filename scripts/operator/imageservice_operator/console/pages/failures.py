"""Failures by error, with what to do; undelivered events; and the progress of a replay."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from imageservice_operator.console.context import IDLE_REFRESH_S, RUNNING_REFRESH_S, context_of, render
from imageservice_operator.operations.failures import Group

IMAGES_PER_ERROR = 50


def page(request: Request) -> Response:
    """The page has no parameters."""
    context = context_of(request)
    health = context.health()
    groups: Sequence[Group] = health.groups
    waiting, letters = context.dead_letters.snapshot()
    progress = context.replays.current
    return render(
        request,
        "failures.html",
        section="failures",
        groups=groups,
        replayable=health.replayable,
        in_progress=health.in_progress,
        shown=IMAGES_PER_ERROR,
        waiting=waiting,
        letters=letters,
        progress=progress,
        busy=context.replays.running,
        refresh=RUNNING_REFRESH_S if context.replays.running or (waiting and not letters) else IDLE_REFRESH_S,
    )
