"""Lets renditions that nothing refers to anymore expire a day later, so that redirects already sent still work."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.logging import logged, logger
from imageservice.adapters.sent_requests import taken_requests
from imageservice.core.keys import cache_tag, source_identity
from retire_renditions import bootstrap


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """`event`: execution, and in DynamoDB's format `upload` (as registered) and the `renditions` to retire.

    Returns how many it retired. Renditions that are served now stay. All stay while another execution works on the
    same upload: if the plan was changed back, that one makes the same keys again, and this one must not retire them.
    """
    execution = event["execution"]
    attributes = from_dynamodb({name: event[name] for name in ("upload", "renditions")})
    upload = attributes["upload"]
    logger.append_keys(image_id=upload["key"], execution=execution)
    table, renditions = bootstrap.dependencies()
    item = table.get(upload["key"]) or {}
    latest = item.get("upload")
    if item.get("execution") != execution and latest and source_identity(latest) == source_identity(upload):
        return {"retired": 0}
    served = {rendition["key"] for rendition in item.get("renditions", [])}
    retired = [
        renditions.retire(rendition["key"], rendition["format"], cache_tag(upload["key"]))
        for rendition in attributes["renditions"]
        if rendition["key"] not in served
    ]
    logger.info("retired", extra={"renditions": len(retired), "requests": taken_requests()})
    return {"retired": sum(retired)}
