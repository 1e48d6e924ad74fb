"""Makes one size of an image in all its formats: one read, one decode, a put per format."""

from time import perf_counter
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.awaited_call import answer_call
from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.logging import log_rejection, logged, logger
from imageservice.adapters.sent_requests import taken_requests
from imageservice.core.errors import ImageRejected
from resize import bootstrap


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: a call, or a record of the queue in which ProcessImage puts it. Returns a call's answer."""
    if "Records" not in event:
        return _answer(event)
    for record in event["Records"]:
        answer_call(record, _answer, bootstrap.states(), context.aws_request_id)
    return {}


def _answer(call: dict[str, Any]) -> dict[str, Any]:
    """`call`: source (in DynamoDB's format), digest, resize (see imageservice.core.resize_plan), execution.

    Returns attributes of the item, in DynamoDB's format: the renditions, and alpha, placeholder and color if the
    resize describes the image. If the pixels can't be decoded, returns the reason, as `rejection`.
    """
    source, resize = from_dynamodb(call["source"]["M"]), call["resize"]
    logger.append_keys(image_id=source["key"], execution=call["execution"], size=resize["target"]["name"])
    begin = perf_counter()
    try:
        sized = bootstrap.sizer().make(source, call["digest"], resize)
    except ImageRejected as error:
        log_rejection(error)
        return {"rejection": error.reason}
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
