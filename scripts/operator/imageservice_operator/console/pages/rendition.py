"""Renditions through the console itself: its pages then need no other host, and no bucket to be open."""

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
    """The object `key` of ProcessedBucket, as the image that its name says and nothing else."""
    context, key = context_of(request), required(request, "key")
    kind = format_of_extension(key.rpartition(".")[2])
    if kind is None:
        raise HTTPException(404, "There is no such rendition.")
    try:
        found = context.stack.client("s3").get_object(Bucket=context.stack.processed_bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            raise HTTPException(404, "There is no such rendition (any more).") from error
        raise
    headers = {
        # What a key names never changes; only the one who may open the console may keep it.
        "cache-control": "private, max-age=31536000, immutable",
        "content-length": str(found["ContentLength"]),
        # Opened by itself it is an image still, with no rights in the console's origin.
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return StreamingResponse(_chunks(found["Body"]), media_type=kind.media_type, headers=headers)


def _chunks(body: Any) -> Iterator[bytes]:
    with body:
        yield from body.iter_chunks(_CHUNK)
