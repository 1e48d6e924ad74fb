"""The first page: uploads, and the images, newest first, by status or by the beginning of the id."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from imageservice_operator.console.context import IDLE_REFRESH_S, RUNNING_REFRESH_S, context_of, render
from imageservice_operator.console.filters import counted
from imageservice_operator.console.thumbnails import thumbnail_of
from imageservice_operator.console.urls import page as address
from imageservice_operator.operations import images
from imageservice_operator.operations.images import STATUSES
from imageservice_operator.operations.uploads import SETTLED

PER_PAGE = 48


def page(request: Request) -> Response:
    """Optional parameters: `status`, `q` (the beginning of the id) and `after` (the cursor of a listing)."""
    context = context_of(request)
    status = request.query_params.get("status") or None
    prefix = request.query_params.get("q", "")
    after = request.query_params.get("after") or None
    listed = images.listed(context.stack, status=status, prefix=prefix, limit=PER_PAGE, cursor=after)
    health = context.health()
    # By id: an image whose status changes between the queries of two statuses is in both answers.
    by_id = {image.id: image for image in listed.images}
    unmarked = [each for each in health.unmarked if each.startswith(prefix)] if not after else []
    if status == "FAILED":
        by_id = {
            each: by_id.get(each) or images.image_of({"id": each}) for each in (*unmarked[:PER_PAGE], *by_id)
        }
    found = {**by_id, **images.get_many(context.stack, list(by_id))}
    shown = [health.corrected(image) for image in found.values()]
    if status:  # what has failed is under Failed, whatever its item says
        shown = [image for image in shown if (image.status == "FAILED") is (status == "FAILED")]
    tabs = [
        (
            each,
            address("/", status=each, q=prefix),
            # A prefix is not counted: that would read the whole index.
            counted(health.images[each], health.at_most) if each and not prefix else "",
        )
        for each in (None, *STATUSES)
    ]
    return render(
        request,
        "images.html",
        section="images",
        images=[(image, thumbnail_of(image)) for image in shown],
        status=status,
        prefix=prefix,
        tabs=tabs,
        in_progress=health.in_progress,
        newest=address("/", status=status, q=prefix) if after else None,
        older=address("/", status=status, q=prefix, after=listed.cursor) if listed.cursor else None,
        refresh=RUNNING_REFRESH_S if any(image.status not in SETTLED for image in shown) else IDLE_REFRESH_S,
    )
