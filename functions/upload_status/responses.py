"""The answers about an upload: what each says, and when to ask again. No cache stores any."""

from collections.abc import Callable
from http import HTTPStatus

from imageservice.core.upload_state import UploadState
from imageservice.http.responses import Response, json_response

RETRY_STORE_S = 1
_RETRY_S = {"PROCESSING": 2, "FAILED": 60}
_LINKS = {"image": "images", "metadata": "metadata"}


def state_response(state: UploadState, link: Callable[[str, str], str]) -> Response:
    """200 with the state, and links to the image and its metadata: `link` makes them from a path and an id."""
    headers = {"cache-control": "no-store"}
    if (seconds := _RETRY_S.get(state["status"])) is not None:
        headers["retry-after"] = str(seconds)
    links = {name: link(path, state["id"]) for name, path in _LINKS.items()}
    return json_response(HTTPStatus.OK, {**state, **links}, headers)
