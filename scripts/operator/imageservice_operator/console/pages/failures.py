"""What failed, by error, with what to do; what could not be delivered; and how far a replay of many has come."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from imageservice_operator.console.context import IDLE_EVERY, RUNNING_EVERY, context_of, render
from imageservice_operator.operations import failures
from imageservice_operator.operations.failures import Group

SHOWN = 50  # of each error's images


def page(request: Request) -> Response:
    """All of it; nothing to choose."""
    context = context_of(request)
    groups: Sequence[Group] = failures.grouped(failures.failed(context.stack))
    waiting, letters = context.dead_letters.look()
    progress = context.replays.current
    return render(
        request,
        "failures.html",
        section="failures",
        groups=groups,
        total=sum(len(group.failures) for group in groups),
        replayable=sum(len(group.failures) for group in groups if group.advice.replay),
        shown=SHOWN,
        waiting=waiting,
        letters=letters,
        progress=progress,
        busy=context.replays.running,
        every=RUNNING_EVERY if context.replays.running or (waiting and not letters) else IDLE_EVERY,
    )
