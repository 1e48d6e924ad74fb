"""Deletes the renditions of an image that was removed."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import ImageTable, from_dynamodb
from imageservice.adapters.logging import logger
from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.settings import settings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """`event`: id, execution, `renditions` (those that were served, in the table's form), `deleted_at` (ISO 8601).

    Answers how many it deleted. Those of earlier digests go too. What a later upload has made since stays: it is in the
    item by now, or not older than `deleted_at`, the time when the original was deleted.
    """
    logger.append_keys(image_id=event["id"], execution=event["execution"])
    item = ImageTable(client("dynamodb"), settings().image_table).get(event["id"]) or {}
    served = {rendition["key"] for rendition in item.get("renditions", [])}
    store = Renditions(client("s3"), settings().processed_bucket)
    older = store.keys_of(event["id"], before=datetime.fromisoformat(event["deleted_at"]))
    was_served = from_dynamodb({"renditions": event["renditions"]})["renditions"]
    doomed = sorted({*(rendition["key"] for rendition in was_served), *older} - served)
    store.remove(doomed)
    logger.info("removed", extra={"renditions": len(doomed)})
    return {"removed": len(doomed)}
