"""Makes one size of an image in all its formats: one read, one decode, a put per format."""

from time import perf_counter
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.logging import MetricUnit, count_rendition, logger, metrics
from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import OriginalObject, read_original
from imageservice.core.keys import cache_tag
from imageservice.core.resize_plan import rendition, target_of
from imageservice.engine.pillow_limits import set_pillow_limits
from imageservice.engine.render import render


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: source (in the table's form), digest, resize (see imageservice.core.resize_plan), execution.

    Answers attributes of the item, in the table's form: the renditions, and placeholder and color where the resize
    describes the image. Raises ImageRejected where the pixels can't be decoded.
    """
    set_pillow_limits()
    source, resize = from_dynamodb(event["source"]["M"]), event["resize"]
    logger.append_keys(image_id=source["key"], execution=event["execution"], size=resize["target"]["name"])
    begin = perf_counter()
    target = target_of(resize)
    data = read_original(
        client("s3"), OriginalObject(source["bucket"], source["key"], source.get("version_id"))
    )
    rendered = render(
        data, target, resize["formats"], settings().limits, resize["quality"], describe=resize["describe"]
    )
    renditions = Renditions(client("s3"), settings().processed_bucket)
    records = []
    for image in rendered.images:
        record = rendition(
            source["key"], event["digest"], target, image.format, (image.width, image.height), len(image.data)
        )
        renditions.put(record["key"], image.format, image.data, cache_tag(source["key"]))
        records.append(record)
        count_rendition(target.name, image.format, len(image.data), image.milliseconds)
    metrics.add_metric("ResizeMs", MetricUnit.Milliseconds, (perf_counter() - begin) * 1000)
    metrics.add_metric("OriginalBytes", MetricUnit.Bytes, len(data))
    logger.info("resized", extra={"bytes": {record["format"]: record["bytes"] for record in records}})
    description = {"placeholder": rendered.placeholder, "color": rendered.color} if resize["describe"] else {}
    return to_dynamodb({"renditions": records, **description})
