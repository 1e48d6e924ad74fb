"""The origins behind the edge: the API, and the renditions' bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httpx
from botocore.exceptions import ClientError
from starlette.concurrency import run_in_threadpool

from local.cloudfront.store import Answer

# Headers for the next hop only (RFC 9110, section 7.6.1), and those that httpx makes itself.
_HOP = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "proxy-authorization",
    "host",
    "content-length",
}


@dataclass(frozen=True)
class Ask:
    """A request to an origin: `path` still percent-encoded, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


class Api:
    """The HTTP API at `url`, which gets `added`, whatever the viewer sent under these names (in lower case)."""

    def __init__(self, url: str, added: Mapping[str, str]) -> None:
        self._url = url.rstrip("/")
        self._added = added
        self._client = httpx.AsyncClient(timeout=30)

    async def ask(self, asked: Ask) -> Answer:
        """Its answer; 502 if it can't be reached."""
        url = httpx.URL(self._url + asked.path + (f"?{asked.query}" if asked.query else ""))
        sent = {name: value for name, value in asked.headers.items() if name not in _HOP} | dict(self._added)
        # The bytes that the viewer sent: httpx itself refuses headers that are not ASCII.
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
        try:
            answer = await self._client.request(asked.method, url, headers=raw, content=asked.body)
        except httpx.HTTPError as error:
            return Answer(502, {"content-type": "text/plain"}, f"The API can't be reached: {error}".encode())
        headers = {
            name: value for name, value in answer.headers.items() if name not in _HOP | {"content-encoding"}
        }
        return Answer(answer.status_code, headers, answer.content)


class Bucket:
    """The renditions, read as CloudFront reads them: with its own signature."""

    def __init__(self, s3: Any, name: str) -> None:
        self._s3 = s3
        self._name = name

    async def ask(self, asked: Ask) -> Answer:
        """The object at the path; 403 if there is none, as S3 answers a client that may not list."""
        return await run_in_threadpool(self._get, unquote(asked.path.removeprefix("/")))

    def _get(self, key: str) -> Answer:
        try:
            found = self._s3.get_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return Answer(
                    403, {"content-type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>"
                )
            return Answer(502, {"content-type": "text/plain"}, str(error).encode())
        headers = {
            "content-type": found["ContentType"],
            "etag": found["ETag"],
            **({"cache-control": found["CacheControl"]} if "CacheControl" in found else {}),
            **{f"x-amz-meta-{name}": value for name, value in found["Metadata"].items()},
        }
        return Answer(200, headers, found["Body"].read())
