"""Reads an original's header in ranges, and returns which renditions to make."""

import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypedDict

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.logging import log_rejection, logged, logger
from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.sent_requests import taken_requests
from imageservice.adapters.source_bucket import OriginalObject
from imageservice.core.errors import ImageRejected
from imageservice.core.image_text import NO_TEXT
from imageservice.core.item import UploadRecord
from imageservice.core.original_metadata import Notes
from imageservice.core.resize_plan import ResizePlan, plan_resizes
from imageservice.core.uploaded_text import uploaded_text
from imageservice.engine import ENGINE_VERSION
from imageservice.engine.inspection import inspect
from inspect_original import bootstrap


class Inspection(TypedDict):
    """`attributes` are what Record image writes about the original, in DynamoDB's format.

    `rejection` is the reason if the image is bad, and empty otherwise. A bad image has no digest and no resizes.
    `kept` are attributes that stay, of renditions that have the digest `kept_from` (core.refocusing): mostly none.
    """

    rejection: str
    digest: str
    resizes: list[dict[str, Any]]
    attributes: dict[str, Any]
    kept: dict[str, Any]
    kept_from: str


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> Inspection:
    """`event`: upload (the item's attribute, in DynamoDB's format), recorded_digest, execution; plan, JSON that
    replaces the deployment's rendition plan unless it is empty; earlier, what the item had when the upload was
    registered: source and text, as far as it had them; and served, all of the item if it may stay."""
    upload: UploadRecord = from_dynamodb({"upload": event["upload"]})["upload"]
    logger.append_keys(image_id=upload["key"], execution=event["execution"])
    try:
        planned = _planned(upload, event)
    except ImageRejected as error:
        log_rejection(error)
        nothing = to_dynamodb({"source": {}, "aliases": {}})
        return Inspection(
            rejection=error.reason, digest="", resizes=[], attributes=nothing, kept={}, kept_from=""
        )
    return Inspection(
        rejection="",
        digest=planned["digest"],
        resizes=planned["resizes"],
        attributes=to_dynamodb({"source": planned["source"], "aliases": planned["aliases"]}),
        kept=to_dynamodb(planned["kept"]),
        kept_from=planned["kept_from"],
    )


def _planned(upload: UploadRecord, event: Mapping[str, Any]) -> ResizePlan:
    open_original, limits, plan = bootstrap.dependencies()
    if event.get("plan"):
        plan = load_plan(event["plan"])
    original_object = OriginalObject(upload["bucket"], upload["key"], upload.get("version_id"))
    file = open_original(original_object, upload["bytes"])
    original = inspect(io.BufferedReader(file), upload["bytes"], limits)
    notes = Notes.of(file.metadata)
    read = {"original": asdict(original), "bytes_read": file.bytes_read, "requests": taken_requests()}
    logger.info("inspected", extra=read)
    if notes.ignored_focus:
        logger.warning("focus ignored", extra={"focus": notes.ignored_focus})
    before = from_dynamodb(event.get("earlier") or {})
    text = uploaded_text(
        file.metadata,
        file.stored_at,
        served="source" in before,
        uploaded=before.get("source", NO_TEXT),
        changed=before.get("text", {}),
    )
    return plan_resizes(
        upload,
        original,
        plan,
        ENGINE_VERSION,
        recorded_digest=event["recorded_digest"],
        notes=notes,
        text=text,
        changed=before.get("text", {}),
        served=from_dynamodb(event.get("served") or {}),
    )
