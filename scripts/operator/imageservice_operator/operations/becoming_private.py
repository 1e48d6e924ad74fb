"""Images that a plan makes private, and that serve public renditions until they are made again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from imageservice.core.rendition_plan import RenditionPlan
from imageservice_operator.operations import images
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.stack import Stack

_BATCH = 100


def exposed(stack: Stack, keys: Iterable[str], plan: RenditionPlan) -> Iterator[Image]:
    """Those of the images that are private by the plan, and serve public renditions."""
    private = (key for key in keys if plan.plan_for(key).access == "private")
    while batch := list(islice(private, _BATCH)):
        found = images.get_many(stack, batch)
        yield from (image for image in found.values() if image.renditions and not image.private)


def purges(stack: Stack, keys: Iterable[str], plan: RenditionPlan) -> int:
    """The paths that CloudFront is asked to purge when these images are made: one of each that becomes private."""
    return sum(1 for _ in exposed(stack, keys, plan)) if "DistributionId" in stack.outputs else 0
