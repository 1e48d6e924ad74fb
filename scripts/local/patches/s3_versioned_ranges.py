"""A ranged GET of one version returns the range.

MiniStack reads `Range` only in requests without a `versionId`; with one, it returns the whole object with 200. The
inspection of originals sends such requests, and would mistake the object's beginning for its end.

Upstream: MiniStack, `services/s3.py`, `_get_object`. The branch for `versionId` returns before the range is cut; move
the cutting behind both branches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import s3

from local.patches.patch import wrap

Response = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Cut the range out of the whole version that MiniStack answers."""
    wrap(s3, "_get_object", get_object)


def get_object(
    original: Callable[..., Response],
    bucket: str,
    key: str,
    headers: dict[str, str],
    query: dict[str, Any] | None = None,
) -> Response:
    """GetObject, with the range of any version."""
    requested = headers.get("range", "")
    if requested:  # a checksum of the whole object would not be the slice's, and S3 sends none then
        headers = {name: value for name, value in headers.items() if name != "x-amz-checksum-mode"}
    status, answered, body = original(bucket, key, headers, query)
    if status != 200 or not requested:
        return status, answered, body
    found = s3._parse_range(requested, len(body))
    if found is None:
        error = s3._xml_body(s3._range_error_xml(bucket, key))
        answered = {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}
        return 416, answered, error
    start, end = found
    answered["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    answered["Content-Length"] = str(end + 1 - start)
    return 206, answered, body[start : end + 1]
