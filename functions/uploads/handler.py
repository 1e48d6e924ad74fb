"""The calls that write: presigns uploads, stores small images itself, deletes originals; and signs links."""

from functools import partial
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.logging import logged, logger
from imageservice.core.errors import StoreUnavailable
from imageservice.http.problems import problem
from imageservice.http.responses import Response
from imageservice.http.routing import dispatch
from uploads import bootstrap
from uploads.links import sign_link
from uploads.requests import delete_image, presign_upload, put_image

_RETRY_S = 1
_CALLS = {
    "POST /uploads": presign_upload,
    "PUT /images/{id+}": put_image,
    "DELETE /images/{id+}": delete_image,
    "POST /links": sign_link,
}


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """Answers a call that writes; API Gateway has already authorized it."""
    writes = bootstrap.writes()
    try:
        response = dispatch(event, {route: partial(call, writes) for route, call in _CALLS.items()})
    except StoreUnavailable as error:
        logger.warning("not on record", extra={"error": str(error)})
        # AWS's own words name roles and tables, which are not the client's concern.
        refusal = StoreUnavailable("The call can't be put on record at the moment, so nothing was changed.")
        response = problem(refusal, retry_after=_RETRY_S)
    refused = response["statusCode"] >= HTTPStatus.BAD_REQUEST
    reason = {"problem": response["body"]} if refused else {}
    logger.info("answered", extra={"route": event["routeKey"], "status": response["statusCode"], **reason})
    return response
