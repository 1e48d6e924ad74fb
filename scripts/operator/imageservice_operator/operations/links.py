"""Signed links to private images, which the stack's own function makes: the key stays there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from imageservice.core.signed_link import LONGEST_S
from imageservice_operator.operations.errors import BadRequest, OperationFailed
from imageservice_operator.operations.stack import Stack

HOUR_S = 3600


@dataclass(frozen=True)
class Link:
    """A link, when it expires (ISO 8601), and the link to the metadata, unless the link is to one rendition."""

    id: str
    url: str
    expires_at: str
    metadata: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}


def sign(stack: Stack, image_id: str, seconds: float, choice: Mapping[str, str]) -> Link:
    """A link that is valid for so long; `choice` are the parameters of a rendition. Raises BadRequest."""
    if not 1 <= seconds <= LONGEST_S:
        raise BadRequest("A link may be valid for 1 s to 7 d.")
    outputs = stack.outputs
    event = {
        "routeKey": "POST /links",
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
