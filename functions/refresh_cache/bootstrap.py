"""What RefreshCacheFunction works with, made once per process; tests replace `dependencies`."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from imageservice.adapters.aws_clients import client
from imageservice.adapters.cache_claim import ClaimedCache
from imageservice.adapters.cache_generation import cache_name
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.manifest_cache import configured_cache
from imageservice.adapters.redis_client import WRITER
from imageservice.adapters.settings import settings
from imageservice.read_through import RefreshedCache, Table


class Dependencies(NamedTuple):
    """`table` makes the table when it is first needed; `cached` is False if no Redis is configured; `renew` renews the
    claim on the cache.

    The connection to Redis outlives the invocation.
    """

    manifests: RefreshedCache
    table: Callable[[], Table]
    cached: bool
    renew: Callable[[], None]


@cache
def dependencies() -> Dependencies:
    config = settings().cache
    manifests = ClaimedCache(configured_cache(config, WRITER), cache_name(config), _table)
    return Dependencies(manifests, _table, bool(config.url), manifests.renew)


@cache
def _table() -> ImageTable:
    return ImageTable(client("dynamodb"), settings().image_table)
