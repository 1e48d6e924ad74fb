"""The reader's answers, in payload format 2.0: what each says, and who may cache it for how long."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from imageservice.core.errors import (
    ImageDeleted,
    ImageNotReady,
    ImageRejected,
    ImageUnknown,
    StoreUnavailable,
)
from imageservice.core.keys import answer_tags
from imageservice.core.manifest import Manifest, Rendition
from imageservice.http.problems import problem
from imageservice.http.responses import Response

# A browser asks again after a minute, and meanwhile shows what it has for at most another half minute. The edge caches
# an answer for a day, because a change purges it; while the API is down, it serves what it has. What the edge must not
# cache is private: without s-maxage, it would apply max-age.
_BROWSER = "private, max-age=60, stale-while-revalidate=30"
_EDGE = "public, max-age=60, stale-while-revalidate=30, s-maxage=86400, stale-if-error=86400"

_RETRY_UNDER_WAY_S = 2
_RETRY_BROKEN_S = 60
_RETRY_STORE_S = 1


def redirect(manifest: Manifest, rendition: Rendition, location: str, *, keep_at_edge: bool) -> Response:
    """302 to a rendition."""
    headers = _caching(manifest["id"], keep_at_edge=keep_at_edge)
    headers["location"] = location
    headers["etag"] = f'"{manifest["revision"]}-{rendition["key"][len(manifest["id"]) + 1 :]}"'
    headers["vary"] = "Accept"
    return {"statusCode": 302, "headers": headers, "body": ""}


def document(
    image_id: str, content: Mapping[str, Any], if_none_match: str, *, keep_at_edge: bool
) -> Response:
    """200 with the content as JSON, or 304 if the reader has it."""
    body = orjson.dumps(content)
    # The revision comes first: PATCH compares it alone.
    etag = f'"{content["revision"]}-{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, **_caching(image_id, keep_at_edge=keep_at_edge)}
    if matches(if_none_match, etag):
        return {"statusCode": 304, "headers": headers, "body": ""}
    headers["content-type"] = "application/json"
    return {"statusCode": 200, "headers": headers, "body": body.decode()}


def nothing_to_serve(manifest: Manifest | None) -> Response:
    """Why there is no image: unknown, deleted, rejected, or not ready yet. `status` says which, as in the manifest."""
    if manifest is None:
        return problem(ImageUnknown("There is no image with this id."))
    status = manifest["status"]
    if status == "DELETED":
        return problem(ImageDeleted("This image was deleted."), status=status)
    if status == "REJECTED":
        cause = manifest["error"]["cause"] if "error" in manifest else "The image was rejected."
        return problem(ImageRejected(cause), status=status)
    if status == "FAILED":
        error = ImageNotReady("Processing this image failed; it will be tried again.")
        return problem(error, retry_after=_RETRY_BROKEN_S, status=status)
    error = ImageNotReady("This image is being processed.")
    return problem(error, retry_after=_RETRY_UNDER_WAY_S, status=status)


def store_unavailable() -> Response:
    """Neither the cache nor the table can say whether there is such an image."""
    error = StoreUnavailable("The image's data can't be read at the moment.")
    return problem(error, retry_after=_RETRY_STORE_S)


def matches(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names the entity tag, compared weakly (RFC 9110, section 13.1.2)."""
    if not if_none_match:
        return False
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return if_none_match.strip() == "*" or etag in tags


def _caching(image_id: str, *, keep_at_edge: bool) -> dict[str, str]:
    tags = answer_tags(image_id)
    return {
        "cache-control": _EDGE if keep_at_edge else _BROWSER,
        # CloudFront reads the tags from one header name for all origins, and S3 can send only this one.
        "cache-tag": tags,
        "x-amz-meta-cache-tag": tags,
    }
