"""What goes in and out of the HTTP API: bodies, routes, problems."""

import base64
import json
from http import HTTPStatus
from typing import Any

import pytest

from imageservice.core.errors import BodyTooLarge, RequestInvalid
from imageservice.http.events import body_of, header, id_in_path, json_document, json_strings
from imageservice.http.problems import problem
from imageservice.http.responses import json_response
from imageservice.http.routing import dispatch

EXAMPLE = {"id": "a", "content_type": "b"}


def refuse(event: Any) -> dict[str, Any]:
    raise BodyTooLarge("Too much.")


def accept(event: Any) -> dict[str, Any]:
    return json_response(HTTPStatus.CREATED, {})


def fail(event: Any) -> dict[str, Any]:
    return {"statusCode": 1 // 0}


def test_a_route_answers_its_own_requests() -> None:
    routes = {"PUT /images/{id+}": refuse, "POST /uploads": accept}
    assert dispatch({"routeKey": "POST /uploads"}, routes)["statusCode"] == 201


def test_a_problem_that_a_call_raises_is_its_answer() -> None:
    answer = dispatch({"routeKey": "PUT /images/{id+}"}, {"PUT /images/{id+}": refuse})
    assert answer["statusCode"] == 413
    assert json.loads(answer["body"]) == {
        "title": "Request Entity Too Large",
        "status": 413,
        "detail": "Too much.",
    }


def test_any_other_error_is_not_hidden_behind_an_answer() -> None:
    with pytest.raises(ZeroDivisionError):
        dispatch({"routeKey": "GET /"}, {"GET /": fail})


def test_a_problem_is_never_cached_and_says_when_to_ask_again() -> None:
    headers = problem(RequestInvalid("No."), retry_after=7)["headers"]
    assert headers["content-type"] == "application/problem+json"
    assert (headers["cache-control"], headers["retry-after"]) == ("no-store", "7")


def test_the_images_own_status_replaces_the_number() -> None:
    answer = problem(RequestInvalid("No."), status="FAILED")
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (400, "FAILED")


@pytest.mark.parametrize(
    ("path", "image_id"),
    [("/images/a/b.jpg", "a/b.jpg"), ("/images//a", "/a"), ("/metadata/a b+c%20é/", "a b+c%20é/")],
)
def test_an_id_is_all_of_the_path_after_the_first_part(path: str, image_id: str) -> None:
    assert id_in_path({"rawPath": path}) == image_id


def test_a_body_is_the_same_however_it_was_encoded() -> None:
    encoded = base64.b64encode(b"\xff\xd8").decode()
    assert body_of({"body": encoded, "isBase64Encoded": True}) == b"\xff\xd8"
    assert body_of({"body": "é"}) == "é".encode()
    assert body_of({}) == body_of({"body": None}) == b""


def test_an_absent_header_is_empty() -> None:
    assert header({}, "accept") == header({"headers": {}}, "accept") == ""


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "null",
        "[1]",
        "[" * 100_000,
        "{}",
        '{"id": "a"}',
        '{"id": 1, "content_type": "b"}',
        '{"id": "a", "content_type": "b", "acl": "c"}',
        base64.b64encode(b"\xff\xfe\xff").decode(),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_without_exactly_the_strings_asked_for_is_refused(body: str, encoded: bool) -> None:
    text = base64.b64encode(body.encode()).decode() if encoded else body
    with pytest.raises(RequestInvalid):
        json_strings(json_document({"body": text, "isBase64Encoded": encoded}), EXAMPLE)


def test_a_body_with_them_is_taken() -> None:
    assert json_strings(json_document({"body": json.dumps(EXAMPLE)}), EXAMPLE) == EXAMPLE
