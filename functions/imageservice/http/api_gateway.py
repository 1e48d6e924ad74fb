"""Answers of the HTTP API, payload format 2.0; problems are RFC 9457's `application/problem+json`."""

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

Response = dict[str, Any]
Event = Mapping[str, Any]

# The CloudFront Function sets it to the name that the viewer asked for. A client that calls the API itself may set it
# too, and only fools itself: nothing that is answered outside the edge is kept for anybody else.
VIEWER_HOST = "x-viewer-host"


class HttpProblem(Exception):
    """A request that can't be answered as asked: its status, what is wrong in one sentence, and further members."""

    def __init__(self, status: HTTPStatus, detail: str, /, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.members = members


def answer(status: HTTPStatus, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """`body` as JSON."""
    named = {"content-type": "application/json", **(headers or {})}
    return {"statusCode": int(status), "headers": named, "body": json.dumps(body, ensure_ascii=False)}


def problem(error: HttpProblem, headers: Mapping[str, str] | None = None) -> Response:
    """The problem as a person and a program understand it; never kept by a cache.

    A member `status` replaces HTTP's number, which the status line has anyway: design section 6 wants the image's own
    status there, and RFC 9457 lets clients that expect a number pass over it.
    """
    body = {
        "title": error.status.phrase,
        "status": int(error.status),
        "detail": error.detail,
        **error.members,
    }
    named = {"content-type": "application/problem+json", "cache-control": "no-store", **(headers or {})}
    return answer(error.status, body, named)


def image_id(event: Event) -> str:
    """The id that a path such as `/images/{id+}` names; API Gateway has decoded it (docs/read-path.md says how)."""
    named: str = event["rawPath"][1:].partition("/")[2]
    return named


def body_of(event: Event) -> bytes:
    """The request's body, whatever way API Gateway has encoded it."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
