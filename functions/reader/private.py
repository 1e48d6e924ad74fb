"""Reads of private images: each by a signed link, whose lifetime all links in its answer have."""

import time
from collections.abc import Callable
from typing import Any

from imageservice.core.download import disposition
from imageservice.core.manifest import Manifest, Rendition
from imageservice.http.edge import EdgeSettings
from imageservice.http.events import Event
from imageservice.http.responses import Response
from imageservice.http.signed_links import LinkSigner, confidential
from reader.request import ReadRequest, read_request
from reader.respond import Presign, respond_with


class SignedLinks:
    """The links in the answer about one private image: signed, and valid until `expires`, in seconds since 1970."""

    def __init__(self, request: ReadRequest, signer: LinkSigner, presign: Presign, expires: int) -> None:
        self._request, self._signer, self._presign, self._expires = request, signer, presign, expires

    def image(self, **parameters: str) -> str:
        path = f"/images/{self._request.image_id}"
        request = self._request
        return self._signer.link(request.host, path, self._expires, parameters, encode_twice=not request.edge)

    def rendition(self, rendition: Rendition) -> str:
        if self._request.edge:
            return self._signer.rendition_link(self._request.edge, rendition["key"], self._expires)
        return self._presign(rendition["key"], max(1, int(self._expires - time.time())))

    def download(self, rendition: Rendition, name: str) -> str:
        if self._request.edge:
            return self._signer.rendition_link(self._request.edge, rendition["key"], self._expires, name)
        left = max(1, int(self._expires - time.time()))
        return self._presign(rendition["key"], left, disposition(name))


def read_signed(
    event: Event,
    edge: EdgeSettings,
    signer: LinkSigner,
    find: Callable[[str], tuple[Manifest | None, Any]],
    presign: Presign,
) -> tuple[Any, Response]:
    """Where the manifest came from, and the answer; `find` finds the manifest of an id.

    Raises LinkInvalid and LinkExpired before it looks at the image.
    """
    unsigned, expires = signer.check(event)
    request = read_request(unsigned, edge)
    manifest, source = find(request.image_id)
    links = SignedLinks(request, signer, presign, expires)
    return source, confidential(respond_with(request, manifest, links, keep_at_edge=False))
