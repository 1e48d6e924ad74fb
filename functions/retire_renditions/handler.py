"""Lets renditions that nothing refers to anymore expire a day later, so that redirects already sent still work."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.logging import logged, logger
from imageservice.adapters.sent_requests import taken_requests
from retire_renditions import bootstrap
from retire_renditions.retirer import Request


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """`event`: execution, upload (as registered, in DynamoDB's format), `digests` to retire, and left_over: whether to
    look for other digests as well, which uploads that did not end left over. With a `sequencer`, the upload's own, the
    digests are what this execution made and did not record.

    Returns how many renditions it `retired`; and how many were `exposed`, the public ones of an image that is now
    private: these are deleted, and no edge has them anymore. Raises PurgeIncomplete if that is not sure yet.
    """
    upload = from_dynamodb({"upload": event["upload"]})["upload"]
    logger.append_keys(image_id=upload["key"], execution=event["execution"])
    request = Request(
        upload, event["execution"], event["digests"], event["left_over"], event.get("sequencer")
    )
    retired = bootstrap.retirer().retire(request, context.aws_request_id)
    exposed = {"exposed": retired.exposed} if retired.exposed else {}
    logger.info("retired", extra={"renditions": retired.retired, **exposed, "requests": taken_requests()})
    return retired._asdict()
