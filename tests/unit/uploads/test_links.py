"""POST /links: who may make which link; and the links in the answers about private images."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from links import request_of, signer

from imageservice.core.access import AccessRules
from imageservice.core.errors import ImageIdInvalid, LinksUnavailable, RequestInvalid, WriteForbidden
from uploads.links import sign_link
from uploads.requests import Writes, delete_image, put_image

SIGNER = signer()


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


@pytest.mark.parametrize(("image_id", "is_signed"), [("a/1.jpg", True), ("b/1.jpg", False)])
def test_the_answer_to_an_upload_of_a_private_image_has_signed_links(
    writes: Writes, image_id: str, is_signed: bool
) -> None:
    signing = replace(writes, signer=SIGNER, access=AccessRules([("a/", "private")]))
    event = {
        "rawPath": f"/images/{image_id}",
        "headers": {"content-type": "image/jpeg"},
        "body": "an image",
        "stageVariables": {"cdn": "https://cdn.example"},
    }
    answer = put_image(signing, event)
    content = json.loads(answer["body"])
    assert answer["headers"]["location"] == content["upload"]
    for link, path in ((content["upload"], "uploads"), (content["metadata"], "metadata")):
        assert ("signature=" in link) == is_signed
        if is_signed:
            request, _ = SIGNER.check(request_of(link))
            assert request["rawPath"] == f"/{path}/{image_id}"


def test_the_answer_to_a_deletion_lets_nobody_see_a_private_image(writes: Writes) -> None:
    signing = replace(writes, signer=SIGNER, access=AccessRules([("a/", "private")]))
    event = {"rawPath": "/images/a/1.jpg", "headers": {}, "stageVariables": {"cdn": "https://cdn.example"}}
    answer = delete_image(signing, event)
    assert "signature=" not in json.dumps(answer)
    assert json.loads(answer["body"])["metadata"] == "https://cdn.example/metadata/a/1.jpg"
