"""What RefreshCacheFunction works with, made once per process; tests replace `dependencies`."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.manifest_cache import configured_cache
from imageservice.adapters.redis_client import WRITER
from imageservice.adapters.settings import settings
from imageservice.read_through import Cache, Table


class Dependencies(NamedTuple):
    """`table` makes the table when it is first needed; `cached` is False if no Redis is configured.

    The connection to Redis outlives the invocation.
    """

    manifests: Cache
    table: Callable[[], Table]
    cached: bool


@cache
def dependencies() -> Dependencies:
    config = settings().cache
    return Dependencies(configured_cache(config, WRITER), _table, cached=bool(config.url))


@cache
def _table() -> Table:
    return ImageTable(client("dynamodb"), settings().image_table)
