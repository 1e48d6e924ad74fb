"""Answers as API Gateway takes them from a function (payload format 2.0): what each case says, and who may keep it."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from imageservice.identity import cache_tag
from imageservice.manifest import Manifest, Rendition

Answer = dict[str, Any]

# A browser asks again after a minute, and shows what it has meanwhile for at most half a minute more. The edge keeps an
# answer for a day, for it is told when it changes; should the API be down, it goes on with what it has.
_BROWSER = "public, max-age=60, stale-while-revalidate=30"
_EDGE = f"{_BROWSER}, s-maxage=86400, stale-if-error=86400"
_NOBODY = "no-store"

_TITLES = {
    400: "Bad request",
    404: "Not found",
    406: "Not available in that format",
    410: "Gone",
    422: "Rejected",
    503: "Try again",
}


def redirect(manifest: Manifest, rendition: Rendition, location: str, *, keep_at_edge: bool) -> Answer:
    """302 to a rendition."""
    file = rendition["key"].rsplit("/", 1)[-1]
    return {
        "statusCode": 302,
        "headers": {
            "location": location,
            "etag": f'"{manifest["revision"]}-{manifest["digest"]}-{file}"',
            "vary": "Accept",
            **_kept(manifest["id"], keep_at_edge=keep_at_edge),
        },
        "body": "",
    }


def document(image_id: str, content: Mapping[str, Any], if_none_match: str, *, keep_at_edge: bool) -> Answer:
    """200 with the content as JSON, or 304 where the reader has it."""
    body = orjson.dumps(content)
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, **_kept(image_id, keep_at_edge=keep_at_edge)}
    if matches(if_none_match, etag):
        return {"statusCode": 304, "headers": headers, "body": ""}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", **headers},
        "body": body.decode(),
    }


def problem(code: int, detail: str, *, retry_after: int | None = None, **more: Any) -> Answer:
    """An error as RFC 9457 has it, kept by nobody.

    `status`, where it is there, is the image's, as the manifest has it: HTTP's own number stands in the status line,
    and the RFC leaves the member out gladly.
    """
    headers = {
        "content-type": "application/problem+json",
        "cache-control": _NOBODY,
        "access-control-allow-origin": "*",
    }
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    body = {"title": _TITLES[code], "detail": detail, **more}
    return {"statusCode": code, "headers": headers, "body": orjson.dumps(body).decode()}


def matches(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names the entity tag, compared weakly (RFC 9110, section 13.1.2)."""
    if not if_none_match:
        return False
    named = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return if_none_match.strip() == "*" or etag in named


def without_body(answer: Answer) -> Answer:
    """The answer to a HEAD."""
    return {**answer, "body": ""}


def _kept(image_id: str, *, keep_at_edge: bool) -> dict[str, str]:
    tag = cache_tag(image_id)
    return {
        "cache-control": _EDGE if keep_at_edge else _BROWSER,
        # CloudFront reads one header name of all origins: S3 can only say it so.
        "cache-tag": tag,
        "x-amz-meta-cache-tag": tag,
        "access-control-allow-origin": "*",
    }
