"""Reads an original's header by ranges and answers what is to be made of it."""

import io
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.logging import logger
from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import OriginalObject, RangedOriginal
from imageservice.core.item import UploadRecord
from imageservice.core.resize_plan import assignment
from imageservice.engine import ENGINE_VERSION
from imageservice.engine.inspection import inspect
from imageservice.engine.pillow_limits import set_pillow_limits


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: upload (the item's attribute, in the table's form), recorded_digest, execution.

    Answers the digest and the resizes (see imageservice.core.resize_plan), and in `attributes` what Record image writes
    of the original, in the table's form. Raises ImageRejected with the reason as its message.
    """
    set_pillow_limits()
    upload: UploadRecord = from_dynamodb({"upload": event["upload"]})["upload"]
    logger.append_keys(image_id=upload["key"], execution=event["execution"])
    original_object = OriginalObject(upload["bucket"], upload["key"], upload.get("version_id"))
    file = RangedOriginal(client("s3"), original_object, upload["bytes"])
    original = inspect(io.BufferedReader(file), upload["bytes"], settings().limits)
    logger.info("inspected", extra={"original": asdict(original), "bytes_read": file.bytes_read})
    plan = load_plan(settings().rendition_plan)
    made = assignment(upload, original, plan, ENGINE_VERSION, recorded_digest=event["recorded_digest"])
    attributes = to_dynamodb({"source": made["source"], "aliases": made["aliases"]})
    return {"digest": made["digest"], "resizes": made["resizes"], "attributes": attributes}
