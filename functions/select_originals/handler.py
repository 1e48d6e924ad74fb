"""Decides for each original whether its renditions are made again, and with which event."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.logging import logged, logger
from imageservice.core.reprocessing import Selection
from select_originals import bootstrap


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: originals (each with its key and, if known, its etag), `only` (statuses; none: all), force; and plan,
    JSON that replaces the deployment's rendition plan, also for the images that are processed then.

    Returns `originals`, one for each (see Selector), and sent_plan: whether it decided by a plan of the event.
    """
    selection = Selection(only=tuple(event.get("only") or ()), force=bool(event.get("force")))
    selector, now = bootstrap.selector(event.get("plan") or ""), datetime.now(UTC)
    # A run that began under version 0.2.0 sends `keys`.
    asked = event.get("originals") or [{"key": key} for key in event.get("keys", ())]
    originals = [selector.select(each["key"], selection, now, each.get("etag", "")) for each in asked]
    logger.info(
        "selected", extra={"originals": len(originals), "only": selection.only, "force": selection.force}
    )
    return {"originals": originals, "sent_plan": bool(event.get("plan"))}
