"""What people say about an image: reads it, and changes it for all readers (imageservice.core.image_text)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from imageservice.core.errors import RequestInvalid
from imageservice.core.manifest import manifest_of
from imageservice.core.text_rules import check_text
from imageservice_operator.operations.errors import BadRequest, ImageNotFound, OperationFailed
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.stack import Stack


@dataclass(frozen=True)
class Description:
    """The text that readers get, of which revision it is, and what has just been changed of it.

    `reprocessing` is whether its renditions are made again, because they say a part of the text.
    `everywhere` is whether CloudFront, too, has let go of what it had; if not, it does within seconds.
    """

    text: Mapping[str, Any]
    revision: int
    changed: Sequence[str] = ()
    everywhere: bool = True
    reprocessing: bool = False


def description_of(image: Image) -> Description:
    """What readers get of an image that was read from the table."""
    manifest = manifest_of(image.item) if image.item.get("source") else {}
    return Description(manifest.get("text", {}), image.revision)


def describe(
    stack: Stack, image_id: str, text: Mapping[str, Any] | None, revision: int | None = None
) -> Description:
    """Changes the fields in `text`: None removes a field, or all of them. Puts the act on record.

    With a `revision`, only if the image still has it.

    Raises BadRequest, ImageNotFound, and OperationFailed if the change did not reach every cache.
    """
    checked_text(text)
    event = {
        "id": image_id,
        "patch": {"text": text},
        "who": stack.caller,
        "via": stack.via,
        "if_match": "" if revision is None else f'"{revision}"',
        "process_image": stack.machine_arn("ProcessImage"),
        "distribution": stack.outputs.get("DistributionId", ""),
    }
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("UpdateMetadataFunctionArn"), Payload=json.dumps(event).encode()
    )
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise OperationFailed(f"UpdateMetadataFunction failed: {result.get('errorMessage', result)}")
    status, body = result["statusCode"], json.loads(result["body"])
    if status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
        return Description(
            body["text"], body["revision"], body["changed"], status == HTTPStatus.OK, body["reprocessing"]
        )
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise ImageNotFound(body["detail"])
    refusal = BadRequest if status == HTTPStatus.BAD_REQUEST else OperationFailed
    raise refusal(body["detail"])


def checked_text(text: Mapping[str, Any] | None) -> None:
    """Raises BadRequest with the API's own sentence if the text breaks the rules."""
    try:
        check_text(text or {}, removable=True)
    except RequestInvalid as error:
        raise BadRequest(str(error)) from error
