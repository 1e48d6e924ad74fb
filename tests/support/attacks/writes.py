"""What attacks the calls that write: each has only its documented outcomes, and writes or signs what was asked for."""

import base64
import json
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from links import request_of, signer

from imageservice.http.events import Event
from imageservice.http.responses import Response
from imageservice.http.routing import dispatch
from update_metadata.requests import Update, api_update
from uploads.links import sign_link
from uploads.requests import Writes, delete_image, presign_upload, put_image

REFUSALS = {400, 403, 404, 405, 406, 409, 412, 413, 415}
HEADER = re.compile(r"[\t\x20-\x7e]*")
"""A header's name or value, which splits no answer."""


def presign(writes: Writes, body: Any) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    encoded = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    event = {"routeKey": "POST /uploads", "body": encoded, "isBase64Encoded": True, "headers": {}}
    answer = dispatch(event, {"POST /uploads": partial(presign_upload, writes)})
    if answer["statusCode"] != 201:
        assert answer["statusCode"] == 400, answer
        return
    form = json.loads(answer["body"])["fields"]
    conditions = json.loads(base64.b64decode(form["policy"]))["conditions"]
    assert {"key": body["id"]} in conditions
    assert {"bucket": "source"} in conditions
    assert ["content-length-range", 1, 1000] in conditions
    assert {"Content-Type": form["Content-Type"]} in conditions
    assert form["Content-Type"].startswith("image/")
    assert not any(isinstance(each, list) and each[0] == "starts-with" for each in conditions)


def link_signed(writes: Writes, body: Any) -> None:
    answer = _posted("POST /links", partial(sign_link, writes), body)
    if answer["statusCode"] != HTTPStatus.CREATED:
        assert answer["statusCode"] == HTTPStatus.BAD_REQUEST, answer
        return
    request, _ = signer().check(request_of(json.loads(answer["body"])["url"]))
    assert request["rawPath"] == f"/images/{body['id']}"


def text_changed(body: Any) -> None:
    answer = _posted("PATCH /metadata/{id+}", lambda event: accepted(api_update("", event)), body)
    assert answer["statusCode"] in {HTTPStatus.OK, *REFUSALS, HTTPStatus.UNPROCESSABLE_ENTITY}, answer


def accepted(update: Update) -> Any:
    """A change that was accepted, as it would be stored: text of the documented fields alone."""
    assert update.patch.keys() <= {"text"}
    return {"statusCode": HTTPStatus.OK}


def _posted(route: str, call: Callable[[Event], Response], body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    encoded = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    event = {
        "rawPath": "/metadata/a.jpg",
        "routeKey": route,
        "body": encoded,
        "isBase64Encoded": True,
        "headers": {"content-type": "application/json", "host": "api.example"},
        "stageVariables": {"cdn": "https://cdn.example"},
    }
    return dispatch(event, {route: call})


def written(writes: Writes, event: dict[str, Any]) -> None:
    body = str(event["queryStringParameters"]).encode("utf-8", "surrogatepass")
    event = {**event, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    for call in (put_image, delete_image):
        answer = dispatch({**event, "routeKey": "it"}, {"it": partial(call, writes)})
        assert answer["statusCode"] in {202, *REFUSALS}, answer
        assert all(HEADER.fullmatch(value) for value in answer["headers"].values())
