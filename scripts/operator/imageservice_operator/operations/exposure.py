"""Images that the plan makes private, and that still serve public renditions: they were not made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from imageservice.adapters.image_table import ImageTable, to_dynamodb
from imageservice.adapters.processed_bucket import Renditions, StoredRendition
from imageservice.core.keys import cache_tag, digest_of, private_key
from imageservice_operator.operations import audit, reprocess
from imageservice_operator.operations.becoming_private import exposed
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.plan import live_plan
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.workflow_functions import function_of, invoke, retire_digests

_EXECUTION = "plan-exposed"  # stands for an execution in the functions' logs
DONE = ("UP_TO_DATE", "DELETED")
"""The decisions about originals that have no rendition of an earlier plan."""
SETTLED = ("READY", "REJECTED")
"""The states in which no execution is about to make the same public renditions again."""


def find_exposed(
    stack: Stack, *, prefix: str = "", on_progress: Callable[[int], Any] | None = None
) -> Iterator[Image]:
    """All images below the prefix that should be private by the live plan, and still serve public renditions."""
    decided = reprocess.decided(stack, prefix=prefix, on_progress=on_progress)
    keys = (key for key, decision in decided if decision not in DONE)
    return exposed(stack, keys, live_plan(stack).plan)


def hide(stack: Stack, image: Image) -> bool:
    """Moves what the image serves to private keys; its public files are deleted, and purged from the edge.

    False if another execution may make the same files again, if the image has changed since it was read, or if one of
    its files is gone. Then nothing is hidden. Doing it twice is fine; `images reconcile --storage` finds public files
    that stay because this was stopped in the middle. Raises OperationFailed.
    """
    if image.status not in SETTLED:
        return False
    with audit.recorded(stack, "hide", image=image.id) as act:
        act.outcome = "not hidden"
        renditions = Renditions(stack.client("s3"), stack.processed_bucket)
        tag, now = cache_tag(image.id), datetime.now(UTC)
        copied = (
            renditions.copy_rendition(StoredRendition(each["key"], now), private_key(each["key"]), tag)
            for each in image.renditions
        )
        if not all(copied):
            return False
        moved = [{**each, "key": private_key(each["key"])} for each in image.renditions]
        digest = digest_of(private_key(f"{image.id}/{image.item['digest']}/"))
        table = ImageTable(stack.client("dynamodb"), stack.output("ImageTableName"))
        stored = table.change(image.item, {"digest": digest, "renditions": moved})
        if stored is None:
            return False
        invoke(stack, function_of(stack, "Refresh Redis"), {"item": to_dynamodb(stored)})
        digests = sorted({digest_of(each["key"]) for each in image.renditions})
        retire_digests(stack, image, digests, _EXECUTION)
        act.outcome = "done"
    return True
