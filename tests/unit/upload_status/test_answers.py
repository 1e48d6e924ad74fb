"""GET /uploads/{id+}: what a page gets."""

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from links import request_of, signer

from imageservice.core.access import AccessRules
from imageservice.core.errors import StoreUnavailable, UploadUnknown
from imageservice.core.upload_state import UploadState
from upload_status import bootstrap
from upload_status.handler import handler

CONTEXT = cast(
    LambdaContext,
    SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="1"),
)


class States:
    """Has one state, or fails; remembers what it was asked for."""

    def __init__(self, found: UploadState | Exception) -> None:
        self._found = found
        self.asked: tuple[str, str | None] | None = None

    def find(self, image_id: str, version_id: str | None, *, signed: bool = False) -> UploadState:
        self.asked = (image_id, version_id)
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    def asking(
        found: UploadState | Exception, path: str = "/uploads/a b.jpg", **query: str
    ) -> dict[str, Any]:
        monkeypatch.setattr(bootstrap, "states", lambda: States(found))
        event = {
            "rawPath": path,
            "queryStringParameters": query or None,
            "headers": {"host": "api.example"},
            "stageVariables": {"cdn": "https://cdn.example"},
        }
        return handler(event, CONTEXT)

    return asking


def state(status: Any) -> UploadState:
    return UploadState(id="a b.jpg", version_id="v1", status=status, served=False)


def test_private_ids_answer_the_same_whether_or_not_there_is_such_an_upload(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "access", lambda: AccessRules([("a ", "private")]))
    answers = [ask(found) for found in (state("READY"), UploadUnknown("none"), StoreUnavailable("down"))]
    assert answers[0]["statusCode"] == 403
    assert answers[0] == answers[1] == answers[2]


def test_the_state_comes_with_links_that_a_browser_can_use(ask: Ask) -> None:
    answer = ask(state("PROCESSING"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {
        **state("PROCESSING"),
        "image": "https://cdn.example/images/a%20b.jpg",
        "metadata": "https://cdn.example/metadata/a%20b.jpg",
    }


@pytest.mark.parametrize(
    ("status", "seconds"), [("PROCESSING", "2"), ("FAILED", "60"), ("READY", None), ("REJECTED", None)]
)
def test_what_may_still_change_says_when_to_ask_again(ask: Ask, status: str, seconds: str | None) -> None:
    answer = ask(state(status))
    assert answer["headers"].get("retry-after") == seconds
    assert answer["headers"]["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("found", "code"), [(UploadUnknown("There is none."), 404), (StoreUnavailable("secret detail"), 503)]
)
def test_without_a_state_the_answer_is_a_problem(ask: Ask, found: Exception, code: int) -> None:
    answer = ask(found)
    assert answer["statusCode"] == code
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert "secret" not in answer["body"]


@pytest.mark.parametrize("query", [{"version": ""}, {"version": "x" * 1025}])
def test_what_can_not_be_a_version_is_a_bad_request(ask: Ask, query: dict[str, str]) -> None:
    assert ask(state("READY"), **query)["statusCode"] == 400


def test_what_can_not_be_an_id_is_a_bad_request(ask: Ask) -> None:
    assert ask(state("READY"), "/uploads/a/../b")["statusCode"] == 400


def test_a_signed_link_leads_to_the_state_and_to_no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "states", lambda: States(state("READY")))
    monkeypatch.setattr(bootstrap, "access", lambda: AccessRules([("a ", "private")]))
    monkeypatch.setattr(bootstrap, "signer", signer)
    expires = int(time.time()) + 600
    link = signer().link(
        "https://cdn.example", "/uploads/a b.jpg", expires, {"version": "v1"}, encode_twice=False
    )
    answer = handler(request_of(link), CONTEXT)
    assert (answer["statusCode"], answer["headers"]["cache-control"]) == (200, "private, no-store")
    content = json.loads(answer["body"])
    assert (content["image"], content["metadata"]) == (
        "https://cdn.example/images/a%20b.jpg",
        "https://cdn.example/metadata/a%20b.jpg",
    )
    assert handler(request_of(link.replace("v1", "v2")), CONTEXT)["statusCode"] == 403
