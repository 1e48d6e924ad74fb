"""What a function reads from API Gateway's event, payload format 2.0."""

import base64
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from imageservice.core.errors import RequestInvalid

Event = Mapping[str, Any]
_METADATA = "x-amz-meta-"
NONE: Mapping[str, str] = MappingProxyType({})


def id_in_path(event: Event) -> str:
    """The text after `/images/` or `/metadata/`; API Gateway has decoded it (docs/read-path.md says how)."""
    path: str = event["rawPath"]
    return path[1:].partition("/")[2]


def header(event: Event, name: str) -> str:
    """A header's value, empty if it is absent; `name` is in lower case, as API Gateway sends all of them."""
    value: str = event.get("headers", {}).get(name, "")
    return value


def metadata_headers(event: Event) -> dict[str, str]:
    """The values of the headers `x-amz-meta-…`, by the rest of their names."""
    headers: Mapping[str, str] = event.get("headers", {})
    return {
        name.removeprefix(_METADATA): value for name, value in headers.items() if name.startswith(_METADATA)
    }


def claims_of(event: Event) -> Mapping[str, str]:
    """The claims of the JWT that API Gateway has checked; none without one."""
    claims: Mapping[str, str] = (
        event.get("requestContext", {}).get("authorizer", {}).get("jwt", {}).get("claims") or {}
    )
    return claims


def caller_of(event: Event) -> str:
    """Who signed the request: the token's subject and issuer, or the IAM principal's ARN, checked by API Gateway."""
    if claims := claims_of(event):
        return (
            f"{claims.get('sub') or 'a token without a subject'} of {claims.get('iss', 'an unknown issuer')}"
        )
    signer: Mapping[str, str] = event.get("requestContext", {}).get("authorizer", {}).get("iam") or {}
    return signer.get("userArn") or "unknown"


def body_of(event: Event) -> bytes:
    """The request's body, however API Gateway has encoded it."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def json_document(event: Event) -> Any:
    """The body, from JSON. Raises RequestInvalid."""
    try:
        return json.loads(body_of(event))
    except (ValueError, RecursionError) as error:
        raise RequestInvalid("The body is not JSON.") from error


def json_strings(
    document: object, example: Mapping[str, str], optional: Mapping[str, str] = NONE
) -> dict[str, str]:
    """The document, an object with the members of `example`, and perhaps of `optional`, all strings.

    Raises RequestInvalid.
    """
    if (
        not isinstance(document, dict)
        or not example.keys() <= document.keys() <= example.keys() | optional.keys()
        or not all(isinstance(value, str) for value in document.values())
    ):
        more = f"; and, if you like, {json.dumps(optional)}" if optional else ""
        raise RequestInvalid(
            f"The body must be a JSON object with exactly these strings: {json.dumps(example)}{more}."
        )
    return document
