"""The calls that write, for a site's backend: signed with the backend's AWS credentials, or carrying a JWT."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlsplit

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from imageservice.core.errors import RequestInvalid
from imageservice.core.image_id import check_image_id
from imageservice.core.links import resource_link
from imageservice.core.uploaded_text import text_metadata

NOTHING: Mapping[str, Any] = MappingProxyType({})
_HEADER = re.compile("[ -~]*")  # also for http.client, a line feed would begin another header
_TIMEOUT = urllib3.Timeout(connect=3, read=30)
# A write may be sent again: the same form, the same bytes, the same deletion.
_RETRIES = urllib3.Retry(total=3, backoff_factor=0.3, status_forcelist=(429, 503), allowed_methods=None)


class UploadRefused(Exception):
    """The service refused a call. `status` is the HTTP status; the message is the service's own sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail = status, detail


class Authorization(Protocol):
    """Adds to a request what authorizes it."""

    def authorize(self, request: AWSRequest) -> None: ...


@dataclass(frozen=True)
class SignedWithIam:
    """Signs with the credentials that `session` finds; they need `execute-api:Invoke` on the routes that write."""

    session: boto3.Session
    region: str

    def authorize(self, request: AWSRequest) -> None:
        credentials = self.session.get_credentials()
        if credentials is None:
            raise UploadRefused(401, "No AWS credentials were found to sign the call with.")
        SigV4Auth(credentials.get_frozen_credentials(), "execute-api", self.region).add_auth(request)


@dataclass(frozen=True)
class BearerToken:
    """Sends the JWT that `token` returns; it is called before each request, so that it can renew one."""

    token: Callable[[], str]

    def authorize(self, request: AWSRequest) -> None:
        request.headers["authorization"] = f"Bearer {self.token()}"


class Uploads:
    """Writes to one deployed service.

    `url` is the stack's output ApiUrl, because a signature covers the host; with a JWT, CdnUrl works too. Thread-safe:
    connections are reused.
    """

    def __init__(self, url: str, authorization: Authorization) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"the service's URL is not an http or https URL: {url!r}")
        self._url, self._authorization = url.rstrip("/"), authorization
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES)

    def form(
        self, image_id: str, content_type: str, *, focus: str = "", text: Mapping[str, Any] = NOTHING
    ) -> dict[str, Any]:
        """A presigned form for a browser, which posts `fields` and then the file as `file` to `url`, within 15 minutes.

        For one id and one content type. `max_bytes` is the largest file that S3 accepts. `focus` is the place that
        crops show, such as "0.42,0.18": parts of the width from the left and of the height from the top. `text` has
        what people say about the image: `alt`, `caption`, `credit`, `copyright`, `filename`, and `tags`, a list. Raises
        UploadRefused.
        """
        more = {name: value for name, value in (("focus", focus), ("text", dict(text))) if value}
        return self._send("POST", "uploads", {"id": image_id, "content_type": content_type, **more})

    def put(
        self,
        image_id: str,
        image: bytes,
        content_type: str,
        *,
        focus: str = "",
        text: Mapping[str, Any] = NOTHING,
    ) -> dict[str, Any]:
        """Uploads an image of at most 4.4 MB; larger ones need `form`. `focus` and `text` are as there.

        Raises UploadRefused; with the status 400 for a text that breaks the rules, before anything is sent.
        """
        try:
            metadata = {**({"focus": focus} if focus else {}), **text_metadata(text, {})}
        except RequestInvalid as error:
            raise UploadRefused(400, str(error)) from error
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        return self._call("PUT", self._of("images", image_id), image, content_type, headers)

    def describe(self, image_id: str, text: Mapping[str, Any], *, etag: str = "") -> dict[str, Any]:
        """Changes the image's text, as `form` takes it; None removes a field, and fields that are not given stay.

        Returns the metadata. With the `etag` of metadata that was read before, it changes only that state. Raises
        UploadRefused, with status 412 if another change was faster.
        """
        return self._patch(image_id, {"text": dict(text)}, etag)

    def focus(self, image_id: str, focus: str | None, *, etag: str = "") -> dict[str, Any]:
        """Changes the place that the image's crops show, or removes it with None; `focus` and `etag` are as above.

        The crops are made again; until then, readers get the old ones. The answer's `version_id` is that of the upload
        that makes them. Raises UploadRefused.
        """
        return self._patch(image_id, {"focus": focus}, etag)

    def link(self, image_id: str, *, expires: int = 3600, **rendition: Any) -> dict[str, Any]:
        """A signed link to a private image, valid for `expires` seconds: `url`, `expires_at` and perhaps `metadata`.

        `rendition` may have `size`, `w`, `dpr`, `format`, and `download=True` to have it saved as a file; then the link
        is to this rendition alone. Raises UploadRefused.
        """
        # What a page passes on from its own request must not choose another image.
        return self._send("POST", "links", {**rendition, "id": image_id, "expires": expires})

    def delete(self, image_id: str) -> dict[str, Any]:
        """Deletes an image. Deleting twice is no error. Raises UploadRefused."""
        return self._call("DELETE", self._of("images", image_id), b"", "")

    def _patch(self, image_id: str, patch: Mapping[str, Any], etag: str) -> dict[str, Any]:
        headers = {"if-match": etag} if etag else {}
        body = json.dumps(patch).encode()
        return self._call(
            "PATCH", self._of("metadata", image_id), body, "application/merge-patch+json", headers
        )

    def _of(self, path: str, image_id: str) -> str:
        return resource_link(self._url, path, check_image_id(image_id), encode_twice=True)

    def _send(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return self._call(method, f"{self._url}/{path}", json.dumps(document).encode(), "application/json")

    def _call(
        self, method: str, url: str, body: bytes, content_type: str, headers: Mapping[str, str] = NOTHING
    ) -> dict[str, Any]:
        typed = {"content-type": content_type} if content_type else {}
        sent = {**typed, **headers}
        for name, value in sent.items():
            if not _HEADER.fullmatch(value):
                raise UploadRefused(400, f"{name} has a character that a header can't have.")
        request = AWSRequest(method=method, url=url, data=body, headers=sent)
        self._authorization.authorize(request)
        try:
            answer = self._http.request(method, url, body=body or None, headers=dict(request.headers.items()))
        except urllib3.exceptions.HTTPError as error:
            raise UploadRefused(503, f"The image service can't be reached: {error}") from error
        document = _document(answer.data)
        if answer.status >= 400:
            raise UploadRefused(answer.status, str(document.get("detail") or document.get("message") or ""))
        return document


def _document(data: bytes) -> dict[str, Any]:
    """The JSON object of an answer; empty if it has none, such as a proxy's error page."""
    try:
        document = json.loads(data)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
