"""What InspectOriginalFunction works with, made once per process; tests replace `dependencies`."""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from imageservice.adapters.aws_clients import client
from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import OriginalObject, RangedOriginal
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import RenditionPlan
from imageservice.engine.pillow_limits import set_pillow_limits


class Dependencies(NamedTuple):
    """`open_original` opens an original of a given length in bytes, and reads it in ranges."""

    open_original: Callable[[OriginalObject, int], RangedOriginal]
    limits: Limits
    plan: RenditionPlan


@cache
def dependencies() -> Dependencies:
    set_pillow_limits()
    config = settings()
    return Dependencies(
        partial(RangedOriginal, client("s3")), config.limits, load_plan(config.rendition_plan)
    )
