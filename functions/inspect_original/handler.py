"""Reads an original's header by ranges and answers what is to be made of it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.assignment import assignment
from imageservice.clients import client
from imageservice.engine import ENGINE_VERSION
from imageservice.engine.inspection import inspect
from imageservice.objects import OriginalObject, RangedOriginal
from imageservice.observability import logger
from imageservice.plan import load_plan
from imageservice.settings import settings


@logger.inject_lambda_context
def handler(upload: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`upload`: bucket, key, version_id, etag, bytes. Raises ImageRejected with the reason as its message."""
    logger.append_keys(image_id=upload["key"], execution=upload["execution"])
    original_object = OriginalObject(upload["bucket"], upload["key"], upload.get("version_id"))
    file = RangedOriginal(client("s3"), original_object, upload["bytes"])
    original = inspect(file, upload["bytes"], settings().limits)
    logger.info("inspected", extra={"original": original, "bytes_read": file.bytes_read})
    source = {name: upload[name] for name in upload if name != "execution"}
    return assignment(source, original, load_plan(settings().rendition_plan), ENGINE_VERSION)
