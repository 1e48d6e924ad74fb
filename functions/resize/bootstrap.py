"""What ResizeFunction works with, made once per process; tests replace `sizer` and `states`."""

from functools import cache, partial
from typing import Any

from imageservice.adapters.aws_clients import client
from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import read_original
from imageservice.engine.pillow_limits import set_pillow_limits
from resize.sizer import Sizer


@cache
def sizer() -> Sizer:
    set_pillow_limits()
    config = settings()
    renditions = Renditions(client("s3"), config.processed_bucket)
    return Sizer(partial(read_original, client("s3")), renditions, config.limits)


def states() -> Any:
    """The client of Step Functions, which answers to queued calls go to."""
    return client("stepfunctions")
