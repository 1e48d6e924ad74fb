"""The calls that write, apart from how they arrive: each takes a request and answers it, or raises HttpProblem."""

import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from imageservice.adapters.source_bucket import Originals
from imageservice.core.errors import ImageIdInvalid
from imageservice.core.formats import FORMATS, format_of_media_type
from imageservice.core.image_id import check_image_id
from imageservice.http.api_gateway import (
    VIEWER_HOST,
    Event,
    HttpProblem,
    Response,
    answer,
    body_of,
    image_id,
)

# A Lambda function is handed at most 6 MB, and API Gateway encodes bodies in base64, which adds a third. Source:
# docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_PUT_BYTES = 4_400_000


def presign_upload(event: Event, originals: Originals) -> Response:
    """201 with a form that uploads one image; the body is `{"id": …, "content_type": "image/…"}`."""
    request = _json_object(event)
    known = {"id", "content_type"}
    if set(request) != known or not all(isinstance(value, str) for value in request.values()):
        raise HttpProblem(
            HTTPStatus.BAD_REQUEST,
            "The body must be a JSON object with exactly two strings: "
            '{"id": "shoes/red.jpg", "content_type": "image/jpeg"}.',
        )
    named, content_type = _checked_id(request["id"]), _checked_type(request["content_type"])
    form = originals.presigned_post(named, content_type)
    return _answer(HTTPStatus.CREATED, event, named, **asdict(form), max_bytes=originals.max_bytes)


def put_image(event: Event, originals: Originals) -> Response:
    """202 once the body is stored as the image's original; its renditions follow."""
    named = _checked_id(image_id(event))
    content_type = _checked_type(event.get("headers", {}).get("content-type", ""))
    data = body_of(event)
    if not data:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The body is empty; it must be the image.")
    if len(data) > min(_PUT_BYTES, originals.max_bytes):
        raise HttpProblem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The image has {len(data):,} bytes; this call takes {min(_PUT_BYTES, originals.max_bytes):,} at most. "
            f"POST /uploads presigns uploads of up to {originals.max_bytes:,} bytes.",
        )
    version = originals.put(named, data, content_type)
    return _answer(HTTPStatus.ACCEPTED, event, named, status="PROCESSING", version_id=version)


def delete_image(event: Event, originals: Originals) -> Response:
    """202 once the original is deleted; renditions and caches follow. Deleting twice is no error."""
    named = _checked_id(image_id(event))
    originals.delete(named)
    return _answer(HTTPStatus.ACCEPTED, event, named, status="DELETED")


def _answer(code: HTTPStatus, event: Event, named: str, **members: Any) -> Response:
    """The answer, with where the image's metadata will be."""
    path = quote(named)
    if VIEWER_HOST not in event.get("headers", {}):  # the edge encodes for API Gateway, which decodes twice
        path = quote(path)
    metadata = f"/metadata/{path}"
    headers = {"cache-control": "no-store", "location": metadata}
    return answer(code, {"id": named, **members, "metadata": metadata}, headers)


def _json_object(event: Event) -> dict[str, Any]:
    try:
        request = json.loads(body_of(event))
    except (ValueError, RecursionError) as error:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from error
    if not isinstance(request, dict):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return request


def _checked_id(image_id: str) -> str:
    try:
        return check_image_id(image_id)
    except ImageIdInvalid as error:
        raise HttpProblem(error.status, str(error)) from error


def _checked_type(content_type: str) -> str:
    """One of the image types that can be taken; the bytes decide later what the image really is."""
    kind = content_type.split(";")[0].strip().lower()
    if format_of_media_type(kind) is None:
        known = ", ".join(row.media_type for row in FORMATS.values())
        raise HttpProblem(
            HTTPStatus.BAD_REQUEST, f"The content type {content_type[:100]!r} is not one of {known}."
        )
    return kind
