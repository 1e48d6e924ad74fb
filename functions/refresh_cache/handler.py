"""Brings an image's new manifest, or its tombstone, to readers; after it none gets anything older."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.cache import WRITER, ManifestCache, NoCache, connect
from imageservice.clients import client
from imageservice.identity import cache_tag
from imageservice.lookup import refresh
from imageservice.manifest import manifest_of
from imageservice.observability import MetricUnit, logger, metrics
from imageservice.settings import settings
from imageservice.table import ImageTable, plain


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: item, as DynamoDB's updateItem returns it. Raises CacheUnavailable: the state machine tries again."""
    item = {name: plain(value) for name, value in event["item"].items()}
    logger.append_keys(image_id=item["id"], execution=item.get("execution"))
    manifest = manifest_of(item)
    stored = refresh(manifests(), table, manifest)
    logger.info("refreshed", extra={"revision": manifest["revision"], "stored": stored})
    metrics.add_metric("ImagesRemoved" if item["status"] == "DELETED" else "ImagesReady", MetricUnit.Count, 1)
    if not stored and settings().redis_url:
        metrics.add_metric("StaleRefused", MetricUnit.Count, 1)
    return {"cache_tag": cache_tag(manifest["id"]), "stored": stored, "revision": manifest["revision"]}


@cache
def manifests() -> ManifestCache | NoCache:
    """The cache; the connection outlives the invocation."""
    return connect(settings().redis_url, WRITER)


@cache
def table() -> ImageTable:
    return ImageTable(client("dynamodb"), settings().image_table)
