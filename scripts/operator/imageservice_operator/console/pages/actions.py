"""What the pages' buttons do. Each asks for the token that the pages carry, and ends on a page of the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from imageservice_operator.console import urls
from imageservice_operator.console.context import Context, context_of
from imageservice_operator.operations import failures, removal, uploads
from imageservice_operator.operations import replay as replays
from imageservice_operator.operations.failures import FailedImage

FILES_AT_ONCE = 100


async def upload(request: Request) -> Response:
    """Each `file` under `prefix` and its own name, or a single one under `id`, or under `prefix` and `name`.

    Scripts get JSON: {"ids": […]}.
    """
    context, form = await _authorized(request, files=FILES_AT_ONCE)
    sent = [each for each in form.getlist("file") if isinstance(each, UploadFile) and each.filename]
    if not sent:
        raise HTTPException(400, "No file was chosen.")
    given, name = _text(form, "id"), _text(form, "name")
    if (given or name) and len(sent) > 1:
        raise HTTPException(400, "One id takes one file.")
    ids = []
    for each in sent:
        image_id = given or _text(form, "prefix") + (name or str(each.filename))
        await run_in_threadpool(
            uploads.upload, context.stack, each.file, image_id, content_type=each.content_type or None
        )
        ids.append(image_id)
    if request.headers.get("accept", "").startswith("application/json"):
        return JSONResponse({"ids": ids})
    return _to(urls.image(ids[0]) if len(ids) == 1 else "/")


async def replay(request: Request) -> Response:
    """The execution `arn`, or what failed of the image `id`; then to the page of the execution that works on it."""
    context, form = await _authorized(request)
    arn, image_id = _text(form, "arn"), _text(form, "id")
    if not arn and not image_id:
        raise HTTPException(400, "The form lacks what to replay.")
    if arn:
        outcome = await run_in_threadpool(replays.replay_execution, context.stack, arn)
    else:
        outcome = await run_in_threadpool(replays.replay_image, context.stack, image_id)
    if not outcome.begun:
        raise HTTPException(409, f"Nothing was replayed. {outcome.note}")
    return _to(urls.execution(outcome.execution) if outcome.execution else urls.image(outcome.id))


async def replay_all(request: Request) -> Response:
    """All failures that a replay can help, or those of one `error`."""
    context, form = await _authorized(request)
    error = _text(form, "error")
    found = await run_in_threadpool(failures.failed, context.stack, error=error or None)
    wanted: list[FailedImage] = [each for each in found if each.advice.replay]
    if not context.replays.failed(wanted, error or "all failures"):
        raise HTTPException(409, "Another replay is not over yet.")
    return _to("/failures")


async def replay_dead_letters(request: Request) -> Response:
    """All that waits in the dead-letter queues."""
    context, _ = await _authorized(request)
    waiting, _ = await run_in_threadpool(context.dead_letters.look)
    if not context.replays.letters(waiting):
        raise HTTPException(409, "Another replay is not over yet.")
    context.dead_letters.forget()
    return _to("/failures")


async def remove(request: Request) -> Response:
    """The image `id`, by deleting its original."""
    context, form = await _authorized(request)
    image_id = _text(form, "id")
    if not await run_in_threadpool(removal.remove, context.stack, image_id):
        raise HTTPException(409, "There is no original of that id: nothing was removed.")
    return _to(urls.image(image_id))


async def _authorized(request: Request, files: int = 0) -> tuple[Context, FormData]:
    """The form, if it has the token. Raises HTTPException 403."""
    context = context_of(request)
    form = await request.form(max_files=files, max_fields=8)
    if not context.session.knows(_text(form, "token")):
        raise HTTPException(403, "The console was started anew since this page was opened. Open it again.")
    return context, form


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _to(page: str) -> Response:
    return RedirectResponse(page, 303)
