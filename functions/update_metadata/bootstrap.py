"""What UpdateMetadataFunction works with, made once per process; tests replace `dependencies`."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.aws_clients import client
from imageservice.adapters.cache_refresh import CacheRefresh
from imageservice.adapters.cdn import Cdn
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.settings import settings
from imageservice.metadata_changes import MetadataChanges

# What is left of API Gateway's 30 s for the other calls, one of which may be tried again.
_PURGE_S = 12.0


class Dependencies(NamedTuple):
    """`changes` makes the changes behind a distribution, of which a stack without a CDN has none: ""."""

    changes: Callable[[str], MetadataChanges]
    audit: AuditTable
    prefix_claim: str


@cache
def dependencies() -> Dependencies:
    config = settings()
    table = ImageTable(client("dynamodb"), config.image_table)
    cache_function = CacheRefresh(client("lambda"), config.refresh_cache_function)

    def changes(distribution: str) -> MetadataChanges:
        edge = Cdn(client("cloudfront"), distribution, _PURGE_S) if distribution else None
        return MetadataChanges(table, cache_function.refresh, edge)

    return Dependencies(changes, AuditTable(client("dynamodb"), config.audit_table), config.jwt_prefix_claim)
