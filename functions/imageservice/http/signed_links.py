"""Signs the links to private images in this service's answers, and checks those of requests."""

import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from imageservice.core.errors import LinkInvalid
from imageservice.core.links import download_link, rendition_link
from imageservice.core.signed_link import EXPIRES, KEY, SIGNATURE, SIGNED, expiry, signed_text
from imageservice.http.events import Event
from imageservice.http.links import cdn_origin
from imageservice.http.responses import Response

_PARAMETERS = (EXPIRES, KEY, SIGNATURE)


class Keys(Protocol):
    """The part of imageservice.adapters.link_keys that is used here."""

    @property
    def id(self) -> str: ...
    def sign(self, text: bytes) -> str: ...
    def verifies(self, text: bytes, key_id: str, signature: str) -> bool: ...


class LinkSigner:
    """Signs and checks with these keys. `expires` is in seconds since 1970."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def link(
        self, origin: str, path: str, expires: int, parameters: Mapping[str, str], *, encode_twice: bool
    ) -> str:
        """The link to `path` (such as /images/ID, decoded) at the origin. An HTTP API decodes a path twice."""
        signed = {**parameters, EXPIRES: str(expires), KEY: self._keys.id}
        signed[SIGNATURE] = self._keys.sign(signed_text(path, signed))
        encoded = quote(path)
        return (
            f"{origin}{SIGNED}{encoded.replace('%', '%25') if encode_twice else encoded}?{urlencode(signed)}"
        )

    def link_at(self, event: Event, path: str, expires: int, **parameters: str) -> str:
        """The link at the CDN, or without one at the API itself, for the answer to this request."""
        cdn = cdn_origin(event)
        origin = cdn or f"https://{event['headers'].get('host', '')}"
        return self.link(origin, path, expires, parameters, encode_twice=not cdn)

    def rendition_link(self, edge: str, key: str, expires: int, download: str = "") -> str:
        """CloudFront's own signed URL of a rendition, with a canned policy: for this URL alone, until then. Source:
        docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html

        With a `download`, the file is saved under that name: the signature covers it.
        """
        at = f"{edge}{SIGNED}"
        url = download_link(at, key, download) if download else rendition_link(at, key)
        signature = self._keys.sign(canned_policy(url, expires))
        own = f"Expires={expires}&Signature={signature}&Key-Pair-Id={self._keys.id}&Hash-Algorithm=SHA256"
        return f"{url}{'&' if download else '?'}{own}"

    def check(self, event: Event) -> tuple[dict[str, Any], int]:
        """The request behind a signed link, without what only the link has; and when the link expires.

        Raises LinkInvalid, whatever is wrong with it, and LinkExpired.
        """
        path: str = event["rawPath"].removeprefix(SIGNED)
        parameters: Mapping[str, str] = event.get("queryStringParameters") or {}
        if any(name not in parameters for name in _PARAMETERS):
            raise LinkInvalid
        text = signed_text(path, parameters)
        if not self._keys.verifies(text, parameters[KEY], parameters[SIGNATURE]):
            raise LinkInvalid
        expires = expiry(parameters, time.time())
        others = {name: value for name, value in parameters.items() if name not in _PARAMETERS}
        return {**event, "rawPath": path, "queryStringParameters": others or None}, expires


def canned_policy(url: str, expires: int) -> bytes:
    """What CloudFront checks the signature of a signed URL against."""
    return (
        f'{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'
    ).encode()


def confidential(response: Response) -> Response:
    """The answer about a private image: no cache stores it, and no page that it leads to hears of the link."""
    headers = {name: value for name, value in response["headers"].items() if not name.endswith("cache-tag")}
    return {
        **response,
        "headers": {**headers, "cache-control": "private, no-store", "referrer-policy": "no-referrer"},
    }
