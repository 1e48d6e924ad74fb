"""What RetireRenditionsFunction works with, made once per process; tests replace `retirer`."""

from functools import cache

from imageservice.adapters.aws_clients import client
from imageservice.adapters.cdn import Cdn
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.settings import settings
from retire_renditions.retirer import Retirer

# What is left of the function's 30 s for the other calls.
_PURGE_S = 15.0


@cache
def retirer() -> Retirer:
    config = settings()
    edge = Cdn(client("cloudfront"), config.distribution_id, _PURGE_S) if config.distribution_id else None
    table = ImageTable(client("dynamodb"), config.image_table)
    return Retirer(table, Renditions(client("s3"), config.processed_bucket), edge)
