"""The answers about an upload: what each says, and when to ask again. No cache stores any."""

from http import HTTPStatus

from imageservice.core.upload_state import UploadState
from imageservice.http.events import Event
from imageservice.http.links import link_to
from imageservice.http.responses import Response, json_response

RETRY_STORE_S = 1
_RETRY_S = {"PROCESSING": 2, "FAILED": 60}
_LINKS = {"image": "images", "metadata": "metadata"}


def state_response(event: Event, state: UploadState) -> Response:
    """200 with the state, and links to the image and its metadata."""
    headers = {"cache-control": "no-store"}
    if (seconds := _RETRY_S.get(state["status"])) is not None:
        headers["retry-after"] = str(seconds)
    links = {name: link_to(event, path, state["id"]) for name, path in _LINKS.items()}
    return json_response(HTTPStatus.OK, {**state, **links}, headers)
