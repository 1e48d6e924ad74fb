"""Images that the plan makes private, and that still have public renditions: it was not possible to make them again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from imageservice.core.rendition_plan import RenditionPlan
from imageservice_operator.operations import images, reprocess
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.plan import live_plan
from imageservice_operator.operations.stack import Stack

_BATCH = 100
DONE = ("UP_TO_DATE", "DELETED")
"""The decisions about originals that have no rendition of an earlier plan."""


def exposed(stack: Stack, keys: Iterable[str], plan: RenditionPlan) -> Iterator[Image]:
    """Those of the images that are private by the plan, and serve public renditions."""
    private = (key for key in keys if plan.plan_for(key).access == "private")
    while batch := list(islice(private, _BATCH)):
        found = images.get_many(stack, batch)
        yield from (image for image in found.values() if image.renditions and not image.private)


def find_exposed(
    stack: Stack, *, prefix: str = "", on_progress: Callable[[int], Any] | None = None
) -> Iterator[Image]:
    """All images below the prefix that should be private by the live plan, and still serve public renditions."""
    decided = reprocess.decided(stack, prefix=prefix, on_progress=on_progress)
    keys = (key for key, decision in decided if decision not in DONE)
    return exposed(stack, keys, live_plan(stack).plan)
