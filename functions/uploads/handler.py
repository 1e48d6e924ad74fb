"""The way in: presigns uploads, takes small images itself, deletes originals."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.aws_clients import client
from imageservice.adapters.logging import logger
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import Originals
from imageservice.http.api_gateway import HttpProblem, Response, problem
from uploads.requests import delete_image, presign_upload, put_image

_CALLS = {
    "POST /uploads": presign_upload,
    "PUT /images/{id+}": put_image,
    "DELETE /images/{id+}": delete_image,
}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """Answers a call of design section 6 that writes; API Gateway has checked who calls."""
    originals = Originals(client("s3"), settings().source_bucket, settings().max_bytes)
    try:
        return _CALLS[event["routeKey"]](event, originals)
    except HttpProblem as error:
        logger.info("refused", extra={"status": int(error.status), "detail": error.detail})
        return problem(error)
