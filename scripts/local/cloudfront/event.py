"""A viewer's request, or the response to it, as the event of a CloudFront Function, and what the function returns.

The structure: docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
"""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloudfront.store import Answer

Pairs = Iterable[tuple[str, str]]
Fields = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Viewer:
    """A request as it was sent: path and query still percent-encoded, header names in lower case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    ip: str


@dataclass(frozen=True)
class Onward:
    """The request that the function passes on, in the same form; a header that was sent in pieces is one."""

    path: str
    query: str
    headers: Mapping[str, str]


def event(viewer: Viewer, distribution: Mapping[str, str]) -> dict[str, Any]:
    """The event; `distribution` has `distributionId` and `distributionDomainName`."""
    cookies = [
        pair
        for name, value in viewer.headers
        if name == "cookie"
        for pair in _pairs(value.replace("; ", ";"), ";")
    ]
    return {
        "version": "1.0",
        "context": {**distribution, "eventType": "viewer-request", "requestId": uuid.uuid4().hex},
        "viewer": {"ip": viewer.ip},
        "request": {
            "method": viewer.method,
            "uri": viewer.path,
            "querystring": _fields(_pairs(viewer.query, "&")),
            "headers": _fields((name, value) for name, value in viewer.headers if name != "cookie"),
            "cookies": _fields(cookies),
        },
    }


def response_event(sent: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    """The event for the response to the request of the event `sent`."""
    return {
        **sent,
        "context": {**sent["context"], "eventType": "viewer-response"},
        "response": {
            "statusCode": answer.status,
            "headers": {name: {"value": value} for name, value in answer.headers.items()},
            "cookies": {},
        },
    }


def changed_answer(answer: Answer, returned: Mapping[str, Any]) -> Answer:
    """The answer with the headers that the function returned; it can't change the body.

    Raises KeyError, TypeError or AttributeError if it returned no response.
    """
    return Answer(answer.status, _joined({}, returned["headers"]), answer.body)


def outcome(sent: Mapping[str, Any], returned: Mapping[str, Any]) -> Onward | Answer:
    """What the function decided about the event `sent`: a request to pass on, or an answer of its own.

    Raises ValueError, TypeError, KeyError or AttributeError if it returned neither.
    """
    if "statusCode" in returned:
        return Answer(int(returned["statusCode"]), _joined({}, returned.get("headers", {})), _body(returned))
    path, before = returned["uri"], sent["request"]
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError(f"the function returned the uri {path!r}")
    headers = _joined(before["headers"], returned["headers"])
    if cookies := _text(before["cookies"], returned.get("cookies", {}), "; "):
        headers["cookie"] = cookies
    return Onward(path, _text(before["querystring"], returned["querystring"], "&"), headers)


def _pairs(text: str, separator: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in text.split(separator) if part)
    return [(name, value) for name, _, value in parts]


def _fields(pairs: Pairs) -> Fields:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {
        name: {"value": all_[0], **({"multiValue": [{"value": each} for each in all_]} if all_[1:] else {})}
        for name, all_ in values.items()
    }


def _values(before: Mapping[str, Any] | None, field: Mapping[str, Any]) -> list[str]:
    """A changed `multiValue` counts; otherwise a changed `value`, which replaces the first."""
    several = field.get("multiValue")
    if several is None:
        return [str(field["value"])]
    values = [str(each["value"]) for each in several]
    if before and several == before.get("multiValue") and values:
        values[0] = str(field["value"])
    return values


def _joined(before: Fields, fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: ",".join(_values(before.get(name), field)) for name, field in fields.items()}


def _text(before: Fields, fields: Mapping[str, Any], separator: str) -> str:
    return separator.join(
        f"{name}={value}" for name, field in fields.items() for value in _values(before.get(name), field)
    )


def _body(returned: Mapping[str, Any]) -> bytes:
    body = returned.get("body", "")
    if isinstance(body, str):
        return body.encode()
    return (
        b64decode(body["data"], validate=True) if body["encoding"] == "base64" else str(body["data"]).encode()
    )
