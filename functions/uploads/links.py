"""POST /links: a signed link to an image, for those who may write it and may sign links, to give away."""

import json
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from imageservice.adapters.logging import logger
from imageservice.core.audit import as_stored
from imageservice.core.errors import LinksUnavailable, RequestInvalid
from imageservice.core.image_id import check_image_id
from imageservice.core.signed_link import check_seconds
from imageservice.http.events import Event, body_of, caller_of, header
from imageservice.http.links import cdn_origin
from imageservice.http.rendition_query import DOWNLOAD, NAMES, rendition_query
from imageservice.http.responses import Response, json_response
from uploads.requests import Writes

_HOUR_S = 3600
_OPTIONAL = ("expires", *NAMES, DOWNLOAD)


def sign_link(writes: Writes, event: Event) -> Response:
    """201 with a link that is valid for `expires` seconds, an hour if that is left out.

    The body is `{"id": …}`, with `expires`, and with what chooses a rendition or has it saved as a file (`download`):
    then the link leads to this one alone. Without, there is a link to the metadata as well. The handler's line in the
    log says who asked for which link.

    An operator calls the function itself. API Gateway writes all of an event, so that only such a call can have
    `operator`: the API's address, for the link of a stack without a CDN; and `who`, the operator. It may be to any
    image.
    """
    image_id, seconds, choice = _request(event)
    operator: str | None = event.get("operator")
    who = caller_of(event) if operator is None else as_stored(event.get("who") or "unknown")
    logger.append_keys(image_id=image_id, who=who, seconds=seconds, rendition=choice)
    if operator is None:
        writes.check(event, image_id)
    if writes.signer is None:
        raise LinksUnavailable("This deployment has no key that signs links (parameter LinkKeySecretArn).")
    cdn = cdn_origin(event)
    origin = cdn or operator or f"https://{header(event, 'host')}"
    expires = int(time.time()) + seconds
    paths = {"url": "images", **({} if choice else {"metadata": "metadata"})}
    links = {
        name: writes.signer.link(origin, f"/{path}/{image_id}", expires, choice, encode_twice=not cdn)
        for name, path in paths.items()
    }
    until = datetime.fromtimestamp(expires, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    headers = {"cache-control": "no-store"}
    return json_response(HTTPStatus.CREATED, {"id": image_id, **links, "expires_at": until}, headers)


def _request(event: Event) -> tuple[str, int, dict[str, str]]:
    """The id, the lifetime in seconds, and the parameters that choose a rendition. Raises RequestInvalid."""
    try:
        document = json.loads(body_of(event))
    except (ValueError, RecursionError) as error:
        raise RequestInvalid("The body is not JSON.") from error
    if not isinstance(document, dict) or not {"id"} <= document.keys() <= {"id", *_OPTIONAL}:
        raise RequestInvalid(
            f"The body must be a JSON object with id and, if you like, {', '.join(_OPTIONAL)}."
        )
    if not isinstance(document["id"], str):
        raise RequestInvalid("id must be a string.")
    if not isinstance(document.get(DOWNLOAD, False), bool):
        raise RequestInvalid(f"{DOWNLOAD} must be true or false.")
    seconds = document.get("expires", _HOUR_S)
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise RequestInvalid("expires must be a whole number of seconds.")
    choice = {name: _text(name, document[name]) for name in NAMES if name in document}
    rendition_query(choice)
    if document.get(DOWNLOAD):
        choice[DOWNLOAD] = "1"
    return check_image_id(document["id"]), check_seconds(seconds), choice


def _text(name: str, value: Any) -> str:
    """A parameter's text; numbers are accepted too."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RequestInvalid(f"{name} must be a string or a number.")
    return str(value)
