"""What UploadsFunction works with, made once per process; tests replace `source_bucket`."""

from functools import cache

from imageservice.adapters.aws_clients import client
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import Originals


@cache
def source_bucket() -> Originals:
    return Originals(client("s3"), settings().source_bucket, settings().max_bytes)
