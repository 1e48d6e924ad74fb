"""A copy is conditional on what is at its destination.

MiniStack checks `If-Match` and `If-None-Match` of PutObject and CompleteMultipartUpload, and ignores those of
CopyObject. `images restore` copies an earlier original only if nothing newer has come meanwhile.

Upstream: MiniStack, `services/s3.py`, `_copy_object`. Call `_check_put_preconditions`, as `_put_object` does. Source:
docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import s3

from local.patches.patch import wrap

Response = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Check the conditions before MiniStack copies."""
    wrap(s3, "_copy_object", copy_object)


def copy_object(
    original: Callable[..., Response], bucket: str, key: str, headers: dict[str, str]
) -> Response:
    """CopyObject, with the conditions on its destination."""
    found: dict[str, Any] = s3._ensure_bucket(bucket) or {}
    refused: Response | None = s3._check_put_preconditions(headers, found.get("objects", {}).get(key))
    return refused or original(bucket, key, headers)
