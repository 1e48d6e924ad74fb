"""The answer after the manifest is found: the redirect, the metadata, or why there is neither."""

from typing import Any, Protocol

from imageservice.core.download import disposition, download_name
from imageservice.core.errors import LinkRequired, Problem
from imageservice.core.keys import is_private
from imageservice.core.links import download_link, image_link, rendition_link
from imageservice.core.manifest import Manifest, Rendition
from imageservice.core.negotiation import choose, preferred_formats
from imageservice.core.picture import figure, parts, picture, srcset_by_format
from imageservice.http.problems import problem
from imageservice.http.responses import Response
from reader.placeholder import with_placeholder
from reader.request import ReadRequest
from reader.responses import document, nothing_to_serve, redirect


class Presign(Protocol):
    def __call__(self, key: str, seconds: int = 0, disposition: str = "") -> str:
        """The link to a rendition's key for readers who come without the edge, valid for so many seconds, if any; with
        a Content-Disposition, if one is given."""
        ...


class Links(Protocol):
    """The links in an answer about one image."""

    def image(self, **parameters: str) -> str:
        """The image's own link, which leads to the rendition for these parameters."""
        ...

    def rendition(self, rendition: Rendition) -> str:
        """Where the rendition is."""
        ...

    def download(self, rendition: Rendition, name: str) -> str:
        """Where it is to be saved under this name."""
        ...


class PublicLinks:
    """The links of an image that everybody may read; they stay valid."""

    __slots__ = ("_image", "_presign", "_request")

    def __init__(self, request: ReadRequest, presign: Presign) -> None:
        self._request, self._presign = request, presign
        self._image = ""  # a redirect needs none

    def image(self, **parameters: str) -> str:
        request = self._request
        if not self._image:
            self._image = image_link(request.host, request.image_id, encode_twice=not request.edge)
        query = "&".join([f"{name}={value}" for name, value in parameters.items()])
        return f"{self._image}?{query}" if query else self._image

    def rendition(self, rendition: Rendition) -> str:
        key, edge = rendition["key"], self._request.edge
        return rendition_link(edge, key) if edge else self._presign(key)

    def download(self, rendition: Rendition, name: str) -> str:
        key, edge = rendition["key"], self._request.edge
        return download_link(edge, key, name) if edge else self._presign(key, disposition=disposition(name))


def respond(request: ReadRequest, manifest: Manifest | None, presign: Presign, *, fresh: bool) -> Response:
    """The answer. `fresh` says whether it comes soon enough after the manifest was read for the edge to cache it."""
    # Made under a plan that this deployment does not have yet, or has no more.
    if manifest is not None and is_private(manifest.get("digest", "")):
        raise LinkRequired
    return respond_with(
        request, manifest, PublicLinks(request, presign), keep_at_edge=fresh and request.through_edge
    )


def respond_with(
    request: ReadRequest, manifest: Manifest | None, links: Links, *, keep_at_edge: bool
) -> Response:
    """The answer, with these links."""
    if manifest is None or not manifest.get("renditions"):
        nothing = nothing_to_serve(manifest)
        return with_placeholder(nothing, request.fallback) if request.fallback else nothing
    if request.metadata:
        content = _metadata(request, manifest, links)
        return document(manifest["id"], content, request.if_none_match, keep_at_edge=keep_at_edge)
    try:
        rendition = choose(manifest, request.query, preferred_formats(request.accept))
    except Problem as error:  # no such size, or no such format, of this image
        return problem(error)
    if request.download:
        location = links.download(rendition, download_name(manifest, rendition))
    else:
        location = links.rendition(rendition)
    return redirect(manifest, rendition, location, keep_at_edge=keep_at_edge)


def _metadata(request: ReadRequest, manifest: Manifest, links: Links) -> dict[str, Any]:
    def link(rendition: Rendition) -> str:
        return links.image(size=rendition["size"], format=rendition["format"])

    srcset = srcset_by_format(manifest, link)
    attributes = parts(manifest, srcset, link, request.picture)
    html = picture(attributes)
    with_caption = figure(manifest, html) if "text" in manifest else ""
    return {
        **manifest,
        "url": links.image(),
        "renditions": [{**each, "url": links.rendition(each)} for each in manifest["renditions"]],
        "srcset": srcset,
        "picture": html,
        **({"figure": with_caption} if with_caption else {}),
        "parts": attributes,
    }
