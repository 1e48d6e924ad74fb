"""Makes one size of an image in all its formats: one read, one decode, a put per format."""

from time import perf_counter
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.logging import MetricUnit, count_rendition, logger, metrics
from resize import bootstrap


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: source (in DynamoDB's format), digest, resize (see imageservice.core.resize_plan), execution.

    Returns attributes of the item, in DynamoDB's format: the renditions, and alpha, placeholder and color if the
    resize describes the image. Raises ImageRejected if the pixels can't be decoded.
    """
    source, resize = from_dynamodb(event["source"]["M"]), event["resize"]
    logger.append_keys(image_id=source["key"], execution=event["execution"], size=resize["target"]["name"])
    begin = perf_counter()
    sized = bootstrap.sizer().make(source, event["digest"], resize)
    metrics.add_metric("ResizeMs", MetricUnit.Milliseconds, (perf_counter() - begin) * 1000)
    metrics.add_metric("OriginalBytes", MetricUnit.Bytes, sized.original_bytes)
    lengths = {record["format"]: record["bytes"] for record in sized.renditions}
    for format_name, length in lengths.items():
        count_rendition(resize["target"]["name"], format_name, length, sized.encode_ms[format_name])
    logger.info("resized", extra={"bytes": lengths})
    return to_dynamodb(sized.attributes)
