"""Key pairs and signed links, as a deployment has them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from imageservice.adapters.link_keys import LinkKeys, link_keys
from imageservice.http.signed_links import LinkSigner
from local.link_keys import pair

PRIVATE, PUBLIC = pair()
OTHER_PRIVATE, OTHER_PUBLIC = pair()


def keys(private: str = PRIVATE, **public: str) -> LinkKeys:
    """The deployment's keys; its public key is K1 unless others are given."""
    return link_keys(private, ";".join(f"{name}={body}" for name, body in (public or {"K1": PUBLIC}).items()))


def signer(private: str = PRIVATE, **public: str) -> LinkSigner:
    return LinkSigner(keys(private, **public))


def request_of(link: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    """The event of payload format 2.0 for a link at the CDN."""
    parts = urlsplit(link)
    return event(unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True)), method, **headers)


def event(path: str, query: Mapping[str, str], method: str = "GET", **headers: str) -> dict[str, Any]:
    return {
        "rawPath": path,
        "queryStringParameters": dict(query),
        "headers": {"host": "api.example", **headers},
        "stageVariables": {"cdn": "https://cdn.example"},
        "requestContext": {"http": {"method": method, "path": path}},
    }
