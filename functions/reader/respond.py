"""The answer after the manifest is found: the redirect, the metadata, or why there is neither."""

from collections.abc import Callable
from typing import Any

from imageservice.core.errors import LinkRequired, Problem
from imageservice.core.keys import is_private
from imageservice.core.links import image_link, rendition_link
from imageservice.core.manifest import Manifest, Rendition
from imageservice.core.negotiation import choose, preferred_formats
from imageservice.core.picture import figure, parts, picture, srcset_by_format
from imageservice.http.problems import problem
from imageservice.http.responses import Response
from reader.placeholder import with_placeholder
from reader.request import ReadRequest
from reader.responses import document, nothing_to_serve, redirect

# The link to a rendition's key for readers who come without the edge.
Presign = Callable[[str], str]


def respond(request: ReadRequest, manifest: Manifest | None, presign: Presign, *, fresh: bool) -> Response:
    """The answer. `fresh` says whether it comes soon enough after the manifest was read for the edge to cache it."""
    return _respond(request, manifest, presign, keep_at_edge=fresh and request.through_edge)


def _respond(
    request: ReadRequest, manifest: Manifest | None, presign: Presign, *, keep_at_edge: bool
) -> Response:
    if manifest is None or not manifest.get("renditions"):
        nothing = nothing_to_serve(manifest)
        return with_placeholder(nothing, request.fallback) if request.fallback else nothing
    # Made under a plan that this deployment does not have yet, or has no more.
    if is_private(manifest.get("digest", "")):
        raise LinkRequired
    if request.metadata:
        content = _metadata(request, manifest, presign)
        return document(manifest["id"], content, request.if_none_match, keep_at_edge=keep_at_edge)
    try:
        rendition = choose(manifest, request.query, preferred_formats(request.accept))
    except Problem as error:  # no such size, or no such format, of this image
        return problem(error)
    return redirect(manifest, rendition, _link(request, rendition, presign), keep_at_edge=keep_at_edge)


def _link(request: ReadRequest, rendition: Rendition, presign: Presign) -> str:
    key = rendition["key"]
    return rendition_link(request.edge, key) if request.edge else presign(key)


def _metadata(request: ReadRequest, manifest: Manifest, presign: Presign) -> dict[str, Any]:
    lasting = image_link(request.host, manifest["id"], encode_twice=not request.edge)

    def link(rendition: Rendition) -> str:
        return f"{lasting}?size={rendition['size']}&format={rendition['format']}"

    srcset = srcset_by_format(manifest, link)
    attributes = parts(manifest, srcset, link, request.picture)
    html = picture(attributes)
    with_caption = figure(manifest, html) if "text" in manifest else ""
    return {
        **manifest,
        "url": lasting,
        "renditions": [{**each, "url": _link(request, each, presign)} for each in manifest["renditions"]],
        "srcset": srcset,
        "picture": html,
        **({"figure": with_caption} if with_caption else {}),
        "parts": attributes,
    }
