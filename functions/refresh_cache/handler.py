"""Brings an image's new manifest, or its tombstone, to readers. After this, no reader gets anything older."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.logging import MetricUnit, logged, logger, metrics
from imageservice.adapters.sent_requests import taken_requests
from imageservice.core.keys import cache_tag
from imageservice.core.manifest import manifest_of
from imageservice.read_through import refresh
from refresh_cache import bootstrap


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """`event`: item, as DynamoDB's updateItem returns it; cause, if it is not a workflow's. Raises CacheUnavailable:
    the state machine tries again.

    Without an item, it is the schedule's: the function renews its claim on the cache.
    """
    if "item" not in event:
        bootstrap.dependencies().renew()
        return None
    answer: dict[str, Any] = _refresh(event, context)
    return answer


@metrics.log_metrics
def _refresh(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    item = from_dynamodb(event["item"])
    logger.append_keys(image_id=item["id"], execution=item.get("execution"))
    manifests, table, cached, _renew = bootstrap.dependencies()
    manifest = manifest_of(item)
    stored = refresh(manifests, table, manifest)
    details = {"revision": manifest["revision"], "stored": stored, "requests": taken_requests()}
    logger.info("refreshed", extra=details)
    if "cause" not in event:  # a change of metadata makes no image ready
        removed = item["status"] == "DELETED"
        metrics.add_metric("ImagesRemoved" if removed else "ImagesReady", MetricUnit.Count, 1)
    if not stored and cached:
        metrics.add_metric("StaleRefused", MetricUnit.Count, 1)
    return {"cache_tag": cache_tag(manifest["id"]), "stored": stored, "revision": manifest["revision"]}
