"""POST /links: who may make which link; and the links in the answers about private images."""

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from links import request_of, signer

from imageservice.adapters.logging import logger
from imageservice.core.access import AccessRules
from imageservice.core.errors import ImageIdInvalid, LinksUnavailable, RequestInvalid, WriteForbidden
from imageservice.http.events import Event
from imageservice.http.responses import Response
from uploads import bootstrap
from uploads.handler import handler
from uploads.links import sign_link
from uploads.requests import Writes, delete_image, presign_upload, put_image

SIGNER = signer()
CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="request"
)

NOTHING: Any = None  # a link is made without a look at any store


@pytest.fixture
def signing() -> Writes:
    return Writes(NOTHING, NOTHING, signer=SIGNER)


def asked(writes: Writes, body: Any, claims: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    event = {
        "headers": {"host": "api.example"},
        "stageVariables": {"cdn": "https://cdn.example"},
        "body": body if isinstance(body, str) else json.dumps(body),
        "requestContext": {"authorizer": {"jwt": {"claims": claims}}} if claims else {},
        **more,
    }
    answer = sign_link(writes, event)
    assert (answer["statusCode"], answer["headers"]["cache-control"]) == (201, "no-store")
    content: dict[str, Any] = json.loads(answer["body"])
    return content


def test_a_link_is_valid_for_an_hour_and_leads_to_the_image_and_its_metadata(signing: Writes) -> None:
    content = asked(signing, {"id": "a/é 1.jpg"})
    for name, path in (("url", "/images/a/é 1.jpg"), ("metadata", "/metadata/a/é 1.jpg")):
        request, expires = SIGNER.check(request_of(content[name]))
        assert request["rawPath"] == path
        assert 3590 < expires - time.time() <= 3600


def test_a_link_to_a_rendition_leads_to_this_one_alone(signing: Writes) -> None:
    content = asked(signing, {"id": "a/1.jpg", "w": 300, "format": "webp", "expires": 60})
    request, expires = SIGNER.check(request_of(content["url"]))
    assert request["queryStringParameters"] == {"w": "300", "format": "webp"}
    assert expires - time.time() <= 60
    assert "metadata" not in content


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[" * 100_000,
        "[]",
        "null",
        {},
        {"id": 1},
        {"id": None},
        {"id": "a", "expires": 0},
        {"id": "a", "expires": -1},
        {"id": "a", "expires": 604_801},
        {"id": "a", "expires": 10**400},
        {"id": "a", "expires": "1h"},
        {"id": "a", "expires": 1.5},
        {"id": "a", "expires": True},
        {"id": "a", "size": "W640"},
        {"id": "a", "download": 1},
        {"id": "a", "download": "Name.jpg"},
        {"id": "a", "size": ["w640"]},
        {"id": "a", "size": "w640", "w": 3},
        {"id": "a", "w": -1},
        {"id": "a", "w": True},
        {"id": "a", "w": float("nan")},
        {"id": "a", "dpr": 2},
        {"id": "a", "format": "svg"},
        {"id": "a", "signature": "x"},
        {"id": "a", "fallback": "gray"},
    ],
    ids=lambda body: str(body)[:30],
)
def test_a_request_that_is_not_valid_is_refused(signing: Writes, body: Any) -> None:
    with pytest.raises(RequestInvalid):
        asked(signing, body)


@pytest.mark.parametrize("image_id", ["", "a/../b", "./a", "\x00", "\ud800", "x" * 970, "${filename}"])
def test_an_id_that_no_image_has_gets_no_link(signing: Writes, image_id: str) -> None:
    with pytest.raises(ImageIdInvalid):
        asked(signing, {"id": image_id})


def test_a_token_makes_links_to_the_ids_that_it_may_write(signing: Writes) -> None:
    owned = replace(signing, prefix_claim="users/{sub}/")
    assert asked(owned, {"id": "users/ann/1.jpg"}, {"sub": "ann"})
    for image_id in ("users/bob/1.jpg", "users/ann", "users/ann2/1.jpg", "users/Ann/1.jpg", "1.jpg"):
        with pytest.raises(WriteForbidden):
            asked(owned, {"id": image_id}, {"sub": "ann"})


def test_an_operator_makes_links_to_all_ids_also_without_a_cdn(signing: Writes) -> None:
    owned = replace(signing, prefix_claim="users/{sub}/")
    content = asked(owned, {"id": "1 %.jpg"}, operator="https://api.example/x", stageVariables={})
    assert content["url"].startswith("https://api.example/x/signed/images/1%2520%2525.jpg?")


def test_a_deployment_without_a_key_says_so() -> None:
    with pytest.raises(LinksUnavailable, match="LinkKeySecretArn"):
        asked(Writes(NOTHING, NOTHING), {"id": "a"})


CALLS: dict[str, tuple[Callable[[Writes, Event], Response], dict[str, Any]]] = {
    "PUT": (put_image, {"headers": {"content-type": "image/jpeg"}, "body": "an image"}),
    "POST": (presign_upload, {"headers": {}, "body": '{"id": "a/1.jpg", "content_type": "image/jpeg"}'}),
    "DELETE": (delete_image, {"headers": {}}),
}


@pytest.mark.parametrize("method", CALLS)
def test_the_answer_to_a_writer_of_a_private_image_shows_the_uploads_state_and_never_the_image(
    writes: Writes, method: str
) -> None:
    signing = replace(writes, signer=SIGNER, access=AccessRules([("a/", "private")]))
    call, more = CALLS[method]
    answer = call(
        signing,
        {"rawPath": "/images/a/1.jpg", "stageVariables": {"cdn": "https://cdn.example"}, **more},
    )
    content = json.loads(answer["body"])
    assert answer["headers"]["location"] == content["upload"]
    request, _ = SIGNER.check(request_of(content["upload"]))
    assert request["rawPath"] == "/uploads/a/1.jpg"
    assert content["metadata"] == "https://cdn.example/metadata/a/1.jpg"


def test_the_answer_to_an_upload_of_a_public_image_has_no_signed_link(writes: Writes) -> None:
    signing = replace(writes, signer=SIGNER, access=AccessRules([("a/", "private")]))
    call, more = CALLS["PUT"]
    answer = call(signing, {"rawPath": "/images/b/1.jpg", "stageVariables": {}, **more})
    assert "signature=" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("image_id", "claims", "operator", "who", "status"),
    [
        ("users/ann/1.jpg", {"sub": "ann", "iss": "https://id"}, None, "ann of https://id", 201),
        ("users/bob/1.jpg", {"sub": "ann", "iss": "https://id"}, None, "ann of https://id", 403),
        ("x.jpg", None, "arn:aws:iam::1:user/eve\ud800", "arn:aws:iam::1:user/eve?", 201),
    ],
)
def test_one_line_of_the_log_says_who_asked_for_which_link(
    monkeypatch: pytest.MonkeyPatch,
    image_id: str,
    claims: dict[str, str] | None,
    operator: str | None,
    who: str,
    status: int,
) -> None:
    signing = Writes(NOTHING, NOTHING, "users/{sub}/", signer=SIGNER)
    monkeypatch.setattr(bootstrap, "writes", lambda: signing)
    output = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", output)
    event = {
        "routeKey": "POST /links",
        "headers": {"host": "api.example"},
        "body": json.dumps({"id": image_id, "expires": 60, "size": "w640"}),
        "requestContext": {"authorizer": {"jwt": {"claims": claims}}} if claims else {},
        **({"operator": "https://api.example", "who": operator} if operator else {}),
    }
    answer = handler(event, CONTEXT)
    (line,) = map(json.loads, output.getvalue().splitlines())
    shown = {name: line[name] for name in ("route", "status", "image_id", "who", "seconds", "rendition")}
    assert shown == {
        "route": "POST /links",
        "status": status,
        "image_id": image_id,
        "who": who,
        "seconds": 60,
        "rendition": {"size": "w640"},
    }
    assert answer["statusCode"] == status
    assert "signature" not in output.getvalue()
