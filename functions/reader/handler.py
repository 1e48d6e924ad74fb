"""GET and HEAD of /images/{id+} and /metadata/{id+}: from Redis if it can be, from DynamoDB if it must."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.cache import connect
from imageservice.clients import client
from imageservice.errors import StoreUnavailable
from imageservice.lookup import Lookup
from imageservice.observability import MetricUnit, logger, metrics
from imageservice.presigning import presigned_link
from imageservice.settings import settings
from imageservice.table import ImageTable
from reader import answers
from reader.reading import Reading, store_unavailable
from reader.request import ReadRequest, read_request

# An answer that took longer may have been overtaken by a purge on its way to the edge, which then must not keep it.
_FRESH_S = 0.25


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    request = read_request(event, settings().cdn_url)
    answer = reading().invalid(request) or _looked_up(request)
    logger.info("read", extra={"image_id": request.image_id, "status": answer["statusCode"]})
    return answers.without_body(answer) if request.head else answer


def _looked_up(request: ReadRequest) -> dict[str, Any]:
    begin = time.monotonic()
    try:
        found = lookup().find(request.image_id)
    except StoreUnavailable as error:
        logger.warning("the table can't be read", extra={"image_id": request.image_id, "error": str(error)})
        metrics.add_metric("StoreUnavailable", MetricUnit.Count, 1)
        return store_unavailable()
    metrics.add_metric(f"Cache{found.source.title()}", MetricUnit.Count, 1)
    return reading().answer(request, found.manifest, fresh=time.monotonic() - begin < _FRESH_S)


@cache
def reading() -> Reading:
    bucket = settings().processed_bucket
    return Reading(presign=lambda key: presigned_link(bucket, key))


@cache
def lookup() -> Lookup:
    """The way to manifests; the connection to Redis outlives the invocation."""
    return Lookup(connect(settings().redis_url), table)


@cache
def table() -> ImageTable:
    return ImageTable(client("dynamodb", for_readers=True), settings().image_table)
