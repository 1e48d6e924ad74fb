"""A reader's request, taken from API Gateway's event (HTTP API, payload format 2.0)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

from imageservice.errors import RequestInvalid
from imageservice.negotiation import FORMATS, Wish

_MAX_WIDTH = 20_000
_MAX_DPR = 10
_MAX_ID_BYTES = 1024  # S3's limit on a key
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")

# The CloudFront Function sets it to the name that the viewer asked for. A client that calls the API itself may set it
# too, and only fools itself: nothing that is answered outside the edge is kept for anybody else.
_VIEWER_HOST = "x-viewer-host"
_VIEWER_SCHEME = "cloudfront-forwarded-proto"


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked for: an image's redirect (`images`) or its `metadata`.

    `host` is the origin, as `https://name`, by which the API was reached; `edge` the one that also serves
    `/renditions/`, or empty where the request did not come through the edge.
    """

    kind: Literal["images", "metadata"]
    image_id: str
    parameters: Mapping[str, str]
    accept: str
    if_none_match: str
    head: bool
    host: str
    edge: str


def read_request(event: Mapping[str, Any], cdn_url: str) -> ReadRequest:
    """The request in the event. `cdn_url` is the configured origin of the edge, if there is one."""
    http = event["requestContext"]["http"]
    headers = event["headers"]
    kind, _, image_id = event["rawPath"].lstrip("/").partition("/")
    edge = cdn_url or _edge(headers)
    return ReadRequest(
        kind="metadata" if kind == "metadata" else "images",
        image_id=image_id,
        parameters=event.get("queryStringParameters") or {},
        accept=headers.get("accept", ""),
        if_none_match=headers.get("if-none-match", ""),
        head=http["method"] == "HEAD",
        host=edge or f"https://{headers.get('host', '')}",
        edge=edge,
    )


def _edge(headers: Mapping[str, str]) -> str:
    host = headers.get(_VIEWER_HOST, "")
    if not _HOST.fullmatch(host):
        return ""
    scheme = "http" if headers.get(_VIEWER_SCHEME) == "http" else "https"
    return f"{scheme}://{host}"


def check_id(image_id: str) -> None:
    """Raises RequestInvalid where no image can have this id."""
    try:
        length = len(image_id.encode())
    except UnicodeEncodeError:
        raise RequestInvalid("The image's id is not valid UTF-8.") from None
    if not 0 < length <= _MAX_ID_BYTES:
        raise RequestInvalid(f"An image's id has 1 to {_MAX_ID_BYTES} bytes; this one has {length}.")


def wish(parameters: Mapping[str, str]) -> Wish:
    """What `size` or `w` and `dpr`, and `format` ask for. Raises RequestInvalid; unknown parameters are ignored."""
    if not parameters:
        return Wish()
    size, width, dpr = parameters.get("size"), parameters.get("w"), parameters.get("dpr")
    name = parameters.get("format")
    if name is not None and name not in FORMATS:
        raise RequestInvalid(f"format: one of {', '.join(FORMATS)}.")
    if size is not None and width is not None:
        raise RequestInvalid("size and w: only one of them.")
    if dpr is not None and width is None:
        raise RequestInvalid("dpr: only together with w.")
    if width is None:
        return Wish(size, None, name)
    ratio = 1.0 if dpr is None else _number("dpr", dpr, r"[0-9]{1,2}(\.[0-9]{1,4})?", _MAX_DPR)
    return Wish(None, ceil(_number("w", width, r"[0-9]{1,5}", _MAX_WIDTH) * ratio), name)


def _number(name: str, text: str, form: str, most: int) -> float:
    if not re.fullmatch(form, text, re.ASCII) or not 0 < float(text) <= most:
        raise RequestInvalid(f"{name}: a number above 0 and up to {most}.")
    return float(text)
