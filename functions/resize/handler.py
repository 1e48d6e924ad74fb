"""Makes one size of an image in all its formats: one read, one decode, a put per format."""

from time import perf_counter
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.logging import logged, logger
from imageservice.adapters.sent_requests import taken_requests
from resize import bootstrap


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: source (in DynamoDB's format), digest, resize (see imageservice.core.resize_plan), execution.

    Returns attributes of the item, in DynamoDB's format: the renditions, and alpha, placeholder and color if the
    resize describes the image. Raises ImageRejected if the pixels can't be decoded.
    """
    source, resize = from_dynamodb(event["source"]["M"]), event["resize"]
    logger.append_keys(image_id=source["key"], execution=event["execution"], size=resize["target"]["name"])
    begin = perf_counter()
    sized = bootstrap.sizer().make(source, event["digest"], resize)
    # Measured in the log: as metrics by size and format, these would cost $12 a month before the first image.
    measured = {
        "original_bytes": sized.original_bytes,
        "bytes": {record["format"]: record["bytes"] for record in sized.renditions},
        "encode_ms": {name: round(milliseconds, 1) for name, milliseconds in sized.encode_ms.items()},
        "resize_ms": round((perf_counter() - begin) * 1000, 1),
        "requests": taken_requests(),
    }
    logger.info("resized", extra=measured)
    return to_dynamodb(sized.attributes)
