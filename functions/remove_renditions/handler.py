"""Deletes the renditions of an image that was removed."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.logging import logged, logger
from imageservice.adapters.sent_requests import taken_requests
from imageservice.core.timestamps import from_text
from remove_renditions import bootstrap


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """`event`: id, execution, `renditions` (those that were served, in DynamoDB's format), `deleted_at` (ISO 8601).

    Returns how many it deleted, including those of earlier digests. Renditions that a later upload has made since
    stay: they are in the item, or are not older than `deleted_at`, the time when the original was deleted.
    """
    logger.append_keys(image_id=event["id"], execution=event["execution"])
    table, renditions = bootstrap.dependencies()
    item = table.get(event["id"]) or {}
    served = {rendition["key"] for rendition in item.get("renditions", [])}
    older = renditions.keys_of(event["id"], before=from_text(event["deleted_at"]))
    was_served = from_dynamodb({"renditions": event["renditions"]})["renditions"]
    keys = sorted({*(rendition["key"] for rendition in was_served), *older} - served)
    renditions.remove(keys)
    logger.info("removed", extra={"renditions": len(keys), "requests": taken_requests()})
    return {"removed": len(keys)}
