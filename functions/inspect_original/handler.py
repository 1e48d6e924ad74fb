"""Reads an original's header in ranges, and returns which renditions to make."""

import io
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.logging import logged, logger
from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.sent_requests import taken_requests
from imageservice.adapters.source_bucket import OriginalObject
from imageservice.core.item import UploadRecord
from imageservice.core.original_metadata import RESTORED_FROM
from imageservice.core.resize_plan import plan_resizes
from imageservice.engine import ENGINE_VERSION
from imageservice.engine.inspection import inspect
from inspect_original import bootstrap


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: upload (the item's attribute, in DynamoDB's format), recorded_digest, execution; and plan, JSON that
    replaces the deployment's rendition plan unless it is empty.

    Returns the digest and the resizes (see imageservice.core.resize_plan), and in `attributes` what Record image writes
    about the original, in DynamoDB's format. Raises ImageRejected with the reason as its message.
    """
    upload: UploadRecord = from_dynamodb({"upload": event["upload"]})["upload"]
    logger.append_keys(image_id=upload["key"], execution=event["execution"])
    open_original, limits, plan = bootstrap.dependencies()
    if event.get("plan"):
        plan = load_plan(event["plan"])
    original_object = OriginalObject(upload["bucket"], upload["key"], upload.get("version_id"))
    file = open_original(original_object, upload["bytes"])
    original = inspect(io.BufferedReader(file), upload["bytes"], limits)
    read = {"original": asdict(original), "bytes_read": file.bytes_read, "requests": taken_requests()}
    logger.info("inspected", extra=read)
    planned = plan_resizes(
        upload,
        original,
        plan,
        ENGINE_VERSION,
        recorded_digest=event["recorded_digest"],
        restored_from=file.metadata.get(RESTORED_FROM, ""),
    )
    attributes = to_dynamodb({"source": planned["source"], "aliases": planned["aliases"]})
    return {"digest": planned["digest"], "resizes": planned["resizes"], "attributes": attributes}
