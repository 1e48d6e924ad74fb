"""A reader's request, taken from API Gateway's event (HTTP API, payload format 2.0)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imageservice.core.errors import DirectReadRefused, RequestInvalid
from imageservice.core.image_id import check_image_id
from imageservice.core.negotiation import RenditionQuery
from imageservice.core.picture import PictureOptions
from imageservice.http.edge import VIEWER_HOST, EdgeSettings
from imageservice.http.events import id_in_path
from imageservice.http.links import cdn_origin
from imageservice.http.rendition_query import DOWNLOAD, rendition_query
from reader.picture import DEFAULT_PICTURE, read_picture
from reader.placeholder import FALLBACKS

_ANYTHING = RenditionQuery()
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")


@dataclass(slots=True)
class ReadRequest:
    """What the reader requests: an image's redirect, or its `metadata`.

    `edge` is the origin, as `https://name`, that serves both this API and `/renditions/`: the configured one, or else
    the one that the request came through, or else the CDN's own. It is empty if there is no CDN. `host` is the origin
    for links to this API. `through_edge` says whether the edge proved that the request came through it; otherwise no
    shared cache may store the answer, since no purge would reach it. `fallback` is the placeholder to
    show while there is no image (one of FALLBACKS), or empty. `download` is whether the image is to be saved as a file.
    `picture` is what the metadata's HTML is like.
    """

    image_id: str
    metadata: bool
    head: bool
    query: RenditionQuery
    accept: str
    if_none_match: str
    edge: str
    host: str
    through_edge: bool
    fallback: str = ""
    download: bool = False
    picture: PictureOptions = DEFAULT_PICTURE


def read_request(event: Mapping[str, Any], edge: EdgeSettings) -> ReadRequest:
    """The request in the event. Unknown parameters are ignored.

    Raises RequestInvalid, and DirectReadRefused if the edge is required.
    """
    headers = event["headers"]
    through_edge = edge.sent(headers)
    if edge.required and not through_edge:
        raise DirectReadRefused("Images are served at the address of the CDN alone.")
    image_id = check_image_id(id_in_path(event))
    parameters = event.get("queryStringParameters")
    metadata = event["rawPath"].startswith("/metadata/")
    fallback = _fallback(parameters) if parameters and not metadata else ""
    origin = edge.url or (_viewers_origin(headers) if through_edge else "") or cdn_origin(event)
    return ReadRequest(
        image_id=image_id,
        metadata=metadata,
        head=event["requestContext"]["http"]["method"] == "HEAD",
        query=rendition_query(parameters) if parameters and not metadata else _ANYTHING,
        accept=headers.get("accept", ""),
        if_none_match=headers.get("if-none-match", ""),
        edge=origin,
        host=origin or f"https://{headers.get('host', '')}",
        through_edge=through_edge,
        fallback=fallback,
        download=DOWNLOAD in parameters if parameters and not metadata else False,
        picture=read_picture(parameters) if parameters and metadata else DEFAULT_PICTURE,
    )


def _viewers_origin(headers: Mapping[str, str]) -> str:
    host = headers.get(VIEWER_HOST, "")
    return f"https://{host}" if _HOST.fullmatch(host) else ""


def _fallback(parameters: Mapping[str, str]) -> str:
    name = parameters.get("fallback", "")
    if "fallback" in parameters and name not in FALLBACKS:
        raise RequestInvalid(f"fallback must be one of {', '.join(FALLBACKS)}.")
    return name
