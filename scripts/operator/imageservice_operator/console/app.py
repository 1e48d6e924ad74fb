"""The console as an ASGI application: its pages, and the pages of errors."""

from __future__ import annotations

import logging
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from imageservice.core.errors import StoreUnavailable
from imageservice_operator.console.context import Context, context_of, render
from imageservice_operator.console.pages import (
    actions,
    comparison,
    execution,
    execution_logs,
    executions,
    failures,
    image,
    images,
    overview,
    rendition,
)
from imageservice_operator.console.security import Guard, Session
from imageservice_operator.operations.errors import ExecutionNotFound, ImageNotFound, OperationFailed
from imageservice_operator.operations.stack import Stack

LOG = logging.getLogger(__name__)
STATIC = Path(__file__).with_name("static")


def create_app(stack: Stack, *, keyed: bool = False) -> Guard:
    """The console of one stack. With `keyed`, it answers only those who have its key (`session.key`)."""
    session = Session(keyed=keyed)
    app = Starlette(
        routes=[
            Route("/", images.page),
            Route("/overview", overview.page),
            Route("/image", image.page),
            Route("/executions", executions.page),
            Route("/execution", execution.page),
            Route("/execution-logs", execution_logs.page),
            Route("/comparison", comparison.page),
            Route("/failures", failures.page),
            Route("/rendition", rendition.page),
            Route("/upload", actions.upload, methods=["POST"]),
            Route("/replay", actions.replay, methods=["POST"]),
            Route("/replay-all", actions.replay_all, methods=["POST"]),
            Route("/replay-selected", actions.replay_selected, methods=["POST"]),
            Route("/replay-dead-letters", actions.replay_dead_letters, methods=["POST"]),
            Route("/remove", actions.remove, methods=["POST"]),
            Route("/restore", actions.restore, methods=["POST"]),
            Route("/focus", actions.focus, methods=["POST"]),
            Route("/describe", actions.describe, methods=["POST"]),
            Route("/stop", actions.stop, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={
            OperationFailed: _refused,
            ClientError: _stack_failed,
            BotoCoreError: _stack_failed,
            StoreUnavailable: _stack_failed,
            HTTPException: _no_page,
            Exception: _broken,
        },
    )
    app.state.context = Context(replace(stack, via="console"), session)
    # Outermost, so that error pages are guarded, too.
    return Guard(app, session)


def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, (ImageNotFound, ExecutionNotFound)):
        return _error(request, "Not found", str(error), 404)
    return _error(request, "This can't be done", str(error), 400)


def _stack_failed(request: Request, error: Exception) -> Response:
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        reason = f"{answer.get('Code', 'Error')}: {answer.get('Message', '')}"
        if any(
            word in reason
            for word in ("AccessDenied", "not authorized", "ExpiredToken", "InvalidClientToken")
        ):
            hint = "Your credentials don't allow this, or have expired."
        else:
            hint = "AWS refused a request of the console."
    else:
        reason = str(error)
        hint = f"The stack {context_of(request).stack.name} does not answer. Is it still running?"
    return _error(request, "The stack can't be read", hint, 502, reason)


def _no_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    message = error.detail if error.detail != phrase else "There is no such page."
    return _error(request, phrase.capitalize(), message, error.status_code)


def _broken(request: Request, error: Exception) -> Response:
    LOG.error("a page failed: %s", request.url.path, exc_info=error)
    return _error(
        request,
        "This page is broken",
        "This is a bug in the console.",
        500,
        f"{type(error).__name__}: {error}",
    )


def _error(request: Request, title: str, message: str, status: int, reason: str = "") -> Response:
    return render(request, "error.html", code=status, title=title, message=message, reason=reason, section="")
