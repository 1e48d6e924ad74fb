"""Answers in payload format 2.0."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

Response = dict[str, Any]


def json_response(
    status: HTTPStatus, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """`body` as JSON; `headers` in lower case may replace the content type."""
    return {
        "statusCode": int(status),
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": json.dumps(body, ensure_ascii=False),
    }
