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
    """`event`: id, execution, `sequencer` and `deleted_at` (ISO 8601) of the deletion, and `renditions` (those that
    were served, in DynamoDB's format).

    Returns how many it deleted: all of the image, of any digest. If a later upload has come since, its renditions
    stay: they are in the item, or were neither served nor stored before the original was deleted.
    """
    image_id = event["id"]
    logger.append_keys(image_id=image_id, execution=event["execution"])
    table, renditions = bootstrap.dependencies()
    # Listed before the item is read: what a later upload stores after that is not in the list.
    stored = [
        each for digest in renditions.digests(image_id) for each in renditions.of_digest(image_id, digest)
    ]
    item = table.get(image_id) or {}
    if item.get("sequencer") != event["sequencer"]:
        was_served = {
            each["key"] for each in from_dynamodb({"renditions": event["renditions"]})["renditions"]
        }
        deleted_at = from_text(event["deleted_at"])
        stored = [each for each in stored if each.key in was_served or each.modified < deleted_at]
    served = {rendition["key"] for rendition in item.get("renditions", [])}
    keys = sorted({each.key for each in stored} - served)
    renditions.remove(keys)
    logger.info("removed", extra={"renditions": len(keys), "requests": taken_requests()})
    return {"removed": len(keys)}
