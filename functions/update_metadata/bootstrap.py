"""What UpdateMetadataFunction works with, made once per process; tests replace `dependencies`."""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.aws_clients import client
from imageservice.adapters.cache_refresh import CacheRefresh
from imageservice.adapters.cdn import Cdn
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.original_copy import FocalPoints
from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.reprocess import start_reprocessing
from imageservice.adapters.settings import settings
from imageservice.metadata_changes import MetadataChanges

# What is left of API Gateway's 30 s for the other calls, one of which may be tried again.
_PURGE_S = 12.0


class Dependencies(NamedTuple):
    """`changes` makes the changes behind a distribution, of which a stack without a CDN has none (""), with the
    workflow that processes an image again."""

    changes: Callable[[str, str], MetadataChanges]
    audit: AuditTable
    prefix_claim: str


@cache
def dependencies() -> Dependencies:
    config = settings()
    table = ImageTable(client("dynamodb"), config.image_table)
    cache_function = CacheRefresh(client("lambda"), config.refresh_cache_function)

    def changes(distribution: str, process_image_arn: str) -> MetadataChanges:
        edge = Cdn(client("cloudfront"), distribution, _PURGE_S) if distribution else None
        reprocess = partial(start_reprocessing, client("stepfunctions"), process_image_arn)
        plan = load_plan(config.rendition_plan)
        return MetadataChanges(
            table,
            cache_function.refresh,
            edge,
            lambda image_id: plan.plan_for(image_id).embed,
            reprocess,
            FocalPoints(client("s3")),
        )

    return Dependencies(changes, AuditTable(client("dynamodb"), config.audit_table), config.jwt_prefix_claim)
