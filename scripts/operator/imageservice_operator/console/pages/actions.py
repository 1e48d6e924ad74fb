"""The actions of the pages' buttons. Each requires the token of a page, and redirects to a page of the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from imageservice_operator.console import urls
from imageservice_operator.console.context import Context, context_of
from imageservice_operator.console.pages.failures import Fields
from imageservice_operator.console.text_form import changed_text, sent_text
from imageservice_operator.operations import description, executions, images, removal, restoration, uploads
from imageservice_operator.operations import replay as replays
from imageservice_operator.operations.failures import FailedImage
from imageservice_operator.operations.refocus import refocus

MAX_FILES = 100
MAX_STOPPED = 100
MAX_SELECTED = 5000


async def upload(request: Request) -> Response:
    """Uploads each `file` under `prefix` and its own name; or a single one under `id`, or under `prefix` and `name`.

    All get the form's text and its `focus`; each has its own file's name for downloads. A client that accepts JSON gets
    {"ids": […]}.
    """
    context, form = await _authorized(request, files=MAX_FILES, fields=16)
    sent = [each for each in form.getlist("file") if isinstance(each, UploadFile) and each.filename]
    if not sent:
        raise HTTPException(400, "No file was chosen.")
    chosen_id, name = _text(form, "id"), _text(form, "name")
    if (chosen_id or name) and len(sent) > 1:
        raise HTTPException(400, "Only one file can have this id.")
    text = {name: value for name, value in sent_text(form).items() if value is not None}
    ids = []
    for each in sent:
        file_name = name or str(each.filename)
        image_id = chosen_id or _text(form, "prefix") + file_name
        await run_in_threadpool(
            uploads.upload,
            context.stack,
            each.file,
            image_id,
            content_type=each.content_type or None,
            focus=_text(form, "focus").strip(),
            text=uploads.with_file_name(text, image_id, file_name),
        )
        ids.append(image_id)
    if request.headers.get("accept", "").startswith("application/json"):
        return JSONResponse({"ids": ids})
    return _to(urls.image(ids[0]) if len(ids) == 1 else "/")


async def replay(request: Request) -> Response:
    """Replays the execution `arn`, or the failure of the image `id`; redirects to the execution that now runs."""
    context, form = await _authorized(request)
    arn, image_id = _text(form, "arn"), _text(form, "id")
    if not arn and not image_id:
        raise HTTPException(400, "The form has neither arn nor id.")
    if arn:
        outcome = await run_in_threadpool(replays.replay_execution, context.stack, arn)
    else:
        outcome = await run_in_threadpool(replays.replay_image, context.stack, image_id)
    context.changed()
    if not outcome.begun:
        raise HTTPException(409, f"Nothing was replayed. {outcome.note}")
    return _to(urls.execution(outcome.execution) if outcome.execution else urls.image(outcome.id))


async def replay_all(request: Request) -> Response:
    """Replays the failures for which a replay can help: all, or those that match the form's fields (pages.failures)."""
    context, form = await _authorized(request, fields=16)
    fields = Fields.of(form)
    context.changed()
    chosen = fields.chosen(await run_in_threadpool(context.health))
    replayable = [each for each in chosen if each.advice.replay]
    return _replaying(context, replayable, ", ".join(fields.given.values()) or "all failures")


async def replay_selected(request: Request) -> Response:
    """Replays each `failure` of the form: an execution's ARN, or an image's id where none is known."""
    context, form = await _authorized(request, fields=MAX_SELECTED + 8)
    selected = {each for each in form.getlist("failure") if isinstance(each, str)}
    if not selected:
        raise HTTPException(400, "No failure was chosen: check the boxes of those to replay.")
    context.changed()
    health = await run_in_threadpool(context.health)
    chosen = [each for each in health.failed if (each.execution or each.id) in selected]
    if not chosen:
        raise HTTPException(409, "Nothing was replayed: what was chosen has been repaired meanwhile.")
    return _replaying(context, chosen, f"{len(chosen)} chosen")


def _replaying(context: Context, chosen: Sequence[FailedImage], what: str) -> Response:
    if not context.replays.failed(chosen, what):
        raise HTTPException(409, "Another replay is still running.")
    return _to("/failures")


async def replay_dead_letters(request: Request) -> Response:
    """Sends every event in the dead-letter queues again."""
    context, _ = await _authorized(request)
    waiting, _ = await run_in_threadpool(context.dead_letters.snapshot)
    if not context.replays.letters(waiting):
        raise HTTPException(409, "Another replay is still running.")
    context.dead_letters.clear()
    return _to("/failures")


async def remove(request: Request) -> Response:
    """Removes the image `id` by deleting its original."""
    context, form = await _authorized(request)
    image_id = _text(form, "id")
    if not await run_in_threadpool(removal.remove, context.stack, image_id):
        raise HTTPException(409, "There is no original with this id; nothing was removed.")
    return _to(urls.image(image_id))


async def stop(request: Request) -> Response:
    """Stops each execution `arn` that still runs; redirects to the page of one, or to the list of those stopped."""
    context, form = await _authorized(request, fields=MAX_STOPPED + 8)
    arns = [each for each in form.getlist("arn") if isinstance(each, str)]
    if not arns:
        raise HTTPException(400, "No execution was chosen.")
    stopped = [arn for arn in arns if await run_in_threadpool(executions.stop, context.stack, arn)]
    context.changed()
    if not stopped:
        raise HTTPException(409, "Nothing was stopped: what was chosen had ended before.")
    return _to(urls.execution(arns[0]) if len(arns) == 1 else urls.page("/executions", status="ABORTED"))


async def restore(request: Request) -> Response:
    """Brings the image `id` back: its `version`, or the one before the removal or the replacement."""
    context, form = await _authorized(request)
    image_id, version = _text(form, "id"), _text(form, "version")
    await run_in_threadpool(restoration.restore, context.stack, image_id, version or None)
    return _to(urls.image(image_id))


async def focus(request: Request) -> Response:
    """Gives the image `id` the focal point `focus`, or with `clear` none; makes its crops again."""
    context, form = await _authorized(request)
    image_id, point = _text(form, "id"), _text(form, "focus").strip()
    if not point and not form.get("clear"):
        raise HTTPException(
            400, "No place was chosen: click it in the picture, or type it, such as 0.42,0.18."
        )
    await run_in_threadpool(refocus, context.stack, image_id, "" if form.get("clear") else point)
    return _to(urls.image(image_id))


async def describe(request: Request) -> Response:
    """Sets what people say about the image `id`, which the page showed at `revision`; an emptied field is removed."""
    context, form = await _authorized(request, fields=16)
    image_id, revision = _text(form, "id"), _text(form, "revision")
    known = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 16 else None
    image = await run_in_threadpool(images.get, context.stack, image_id)
    # Of another revision, the change is refused.
    text = changed_text(form, description.description_of(image).text)
    await run_in_threadpool(description.describe, context.stack, image_id, text, known)
    return _to(urls.image(image_id))


async def _authorized(request: Request, files: int = 0, fields: int = 8) -> tuple[Context, FormData]:
    """The form of the request. Raises HTTPException 403 if its token is not this console's."""
    context = context_of(request)
    form = await request.form(max_files=files, max_fields=fields)
    if not context.session.knows(_text(form, "token")):
        raise HTTPException(403, "The console was restarted since this page was opened. Reload the page.")
    return context, form


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _to(page: str) -> Response:
    return RedirectResponse(page, 303)
