"""Serves renditions through the console itself: so its pages need no other host, and no bucket has to be public."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from imageservice.core.formats import format_of_extension
from imageservice_operator.console.context import context_of, required

_CHUNK = 256 * 1024


def page(request: Request) -> Response:
    """The object `key` of ProcessedBucket, with the media type of its extension and no other."""
    context, key = context_of(request), required(request, "key")
    kind = format_of_extension(key.rpartition(".")[2])
    if kind is None:
        raise HTTPException(404, "There is no such rendition.")
    try:
        found = context.stack.client("s3").get_object(Bucket=context.stack.processed_bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            raise HTTPException(404, "There is no such rendition (anymore).") from error
        raise
    headers = {
        # The object of a key never changes; `private` keeps it out of shared caches.
        "cache-control": "private, max-age=31536000, immutable",
        "content-length": str(found["ContentLength"]),
        # Opened in a tab of its own, it is still only an image, without rights in the console's origin.
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return StreamingResponse(_chunks(found["Body"]), media_type=kind.media_type, headers=headers)


def _chunks(body: Any) -> Iterator[bytes]:
    with body:
        yield from body.iter_chunks(_CHUNK)
