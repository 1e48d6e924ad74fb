"""Errors as answers: RFC 9457's `application/problem+json`. core/errors has the status of each error."""

from typing import Any

from imageservice.core.errors import Problem
from imageservice.http.responses import Response, json_response


def problem(error: Problem, *, retry_after: int | None = None, **members: Any) -> Response:
    """The error for a person and for a program; no cache stores it. `retry_after` is in seconds.

    A member `status`, the image's own, replaces HTTP's number, which the status line has anyway. RFC 9457 lets clients
    that expect a number ignore it.
    """
    body = {"title": error.status.phrase, "status": int(error.status), "detail": str(error), **members}
    headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return json_response(error.status, body, headers)
