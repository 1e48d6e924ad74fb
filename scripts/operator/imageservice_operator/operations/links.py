"""Signed links to private images, which the stack's own function makes: the key stays there; and who asked for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from imageservice.core.signed_link import LONGEST_S
from imageservice_operator.operations import function_logs
from imageservice_operator.operations.errors import BadRequest, OperationFailed
from imageservice_operator.operations.stack import Stack

HOUR_S = 3600
_ROUTE = "POST /links"


@dataclass(frozen=True)
class Link:
    """A link, when it expires (ISO 8601), and the link to the metadata, unless the link is to one rendition."""

    id: str
    url: str
    expires_at: str
    metadata: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True)
class Asked:
    """A call that asked for a link: for how many seconds, to which rendition (all if it is empty), and the answer's
    status: 201 if there was a link."""

    at: datetime
    image_id: str
    who: str
    seconds: int
    rendition: Mapping[str, str]
    status: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def asked(stack: Stack, since: datetime, image_id: str | None = None) -> Iterator[Asked]:
    """Who asked for links to the image, or to any, oldest first: from the functions' log, for as long as it is kept.

    CloudWatch Logs searches all lines of that time. A body that is not valid names no image, and is left out.
    """
    pages = stack.client("logs").get_paginator("filter_log_events")
    begin = int(since.timestamp() * 1000)
    for page in pages.paginate(
        logGroupName=function_logs.group(stack), startTime=begin, filterPattern=f'"{_ROUTE}"'
    ):
        for event in page["events"]:
            line = json.loads(event["message"]) if event["message"].startswith("{") else {}
            named = line.get("image_id")
            if line.get("route") == _ROUTE and named is not None and image_id in (None, named):
                at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield Asked(at, named, line["who"], line["seconds"], line["rendition"], line["status"])


def sign(stack: Stack, image_id: str, seconds: float, choice: Mapping[str, str | bool]) -> Link:
    """A link that is valid for so long; `choice` are the parameters of a rendition, or of a download.

    Raises BadRequest.
    """
    if not 1 <= seconds <= LONGEST_S:
        raise BadRequest("A link may be valid for 1 s to 7 d.")
    outputs = stack.outputs
    event = {
        "routeKey": _ROUTE,
        "operator": stack.api_url,
        "who": f"{stack.caller} ({stack.via})",
        "stageVariables": {"cdn": outputs["CdnUrl"]} if "CdnUrl" in outputs else {},
        "headers": {},
        "body": json.dumps({"id": image_id, "expires": int(seconds), **choice}),
    }
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("UploadsFunctionArn"), Payload=json.dumps(event).encode()
    )
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise OperationFailed(f"UploadsFunction failed: {result.get('errorMessage', result)}")
    body = json.loads(result["body"])
    if result["statusCode"] == 400:
        raise BadRequest(body["detail"])
    if result["statusCode"] != 201:
        raise OperationFailed(body["detail"])
    return Link(**body)
