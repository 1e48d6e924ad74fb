"""GET /uploads/{id+}: the state of an upload, for pages that wait for it."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.logging import logger
from imageservice.core.errors import LinkRequired, Problem, RequestInvalid, StoreUnavailable
from imageservice.core.image_id import check_image_id
from imageservice.core.signed_link import SIGNED
from imageservice.http.events import Event, id_in_path
from imageservice.http.links import link_to
from imageservice.http.problems import problem
from imageservice.http.responses import Response
from imageservice.http.signed_links import confidential
from upload_status import bootstrap
from upload_status.responses import RETRY_STORE_S, state_response

_LONGEST_VERSION = 1024


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    try:
        response = _signed(event) if event["rawPath"].startswith(SIGNED) else _public(event)
    except StoreUnavailable as error:
        logger.warning("unavailable", extra={"error": str(error)})
        unavailable = StoreUnavailable("The upload's state can't be read at the moment.")
        response = problem(unavailable, retry_after=RETRY_STORE_S)
    except Problem as error:
        response = problem(error)
    logger.info("answered", extra={"path": event["rawPath"], "status": response["statusCode"]})
    return response


def _public(event: Event) -> Response:
    image_id = check_image_id(id_in_path(event))
    access = bootstrap.access()
    if access is not None and access.private(image_id):
        raise LinkRequired
    return state_response(bootstrap.states().find(image_id, _version(event)), partial(link_to, event))


def _signed(event: Event) -> Response:
    """The answer to a signed link. The links in it are not signed: its uploader need not be one who may see it."""
    unsigned, _ = bootstrap.signer().check(event)
    state = bootstrap.states().find(check_image_id(id_in_path(unsigned)), _version(unsigned), signed=True)
    return confidential(state_response(state, partial(link_to, event)))


def _version(event: Event) -> str | None:
    """The version id that the request asks for."""
    version: str | None = (event.get("queryStringParameters") or {}).get("version")
    if version is not None and not 0 < len(version) <= _LONGEST_VERSION:
        raise RequestInvalid(f"version must have 1 to {_LONGEST_VERSION} characters.")
    return version
