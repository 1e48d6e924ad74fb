"""What RemoveRenditionsFunction works with, made once per process; tests replace `dependencies`."""

from functools import cache
from typing import NamedTuple

from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.settings import settings


class Dependencies(NamedTuple):
    table: ImageTable
    renditions: Renditions


@cache
def dependencies() -> Dependencies:
    config = settings()
    return Dependencies(
        ImageTable(client("dynamodb"), config.image_table), Renditions(client("s3"), config.processed_bucket)
    )
