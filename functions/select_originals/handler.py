"""Says of each original whether it is to be made again, and with which event."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.logging import logger
from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import OriginalObject, describe_original
from imageservice.core.reprocessing import Wanted, decide, event_for
from imageservice.engine import ENGINE_VERSION


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, Any]]]:
    """`event`: keys, `only` (statuses; none: all), force; answers `originals`, one for each key: key, decision and,
    where that is PROCESS, the event. One that is gone meanwhile counts as DELETED.
    """
    config = settings()
    wanted = Wanted(only=tuple(event.get("only") or ()), force=bool(event.get("force")))
    fingerprint, now = load_plan(config.rendition_plan).fingerprint, datetime.now(UTC)
    table = ImageTable(client("dynamodb"), config.image_table)
    originals = []
    for key in event["keys"]:
        item = table.get(key)
        decision = decide(item, wanted, fingerprint, ENGINE_VERSION, now)
        original: dict[str, Any] = {"key": key, "decision": decision}
        if decision == "PROCESS":
            upload = (item or {}).get("upload") or describe_original(
                client("s3"), OriginalObject(config.source_bucket, key)
            )
            if upload is None:
                original["decision"] = "DELETED"
            else:
                sequencer = (item or {}).get("sequencer", "0")
                original["event"] = event_for(config.source_bucket, upload, sequencer, wanted.force, now)
        originals.append(original)
    logger.info("selected", extra={"originals": len(originals), "only": wanted.only, "force": wanted.force})
    return {"originals": originals}
