"""Reads of private images by signed links: what the answers hold, and what no cache may keep."""

import json
import time
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from links import PRIVATE, PUBLIC, keys, request_of, signer
from read_world import EDGE, NO_EDGE, manifest

from imageservice.adapters import presigning
from imageservice.core.access import AccessRules
from imageservice.http.edge import EdgeSettings
from imageservice.http.signed_links import LinkSigner, canned_policy
from imageservice.read_through import ReadResult
from reader import bootstrap
from reader.handler import handler

SOON = int(time.time()) + 3600
REVISION = 1
KEY = f"a/1.jpg/{REVISION:016x}/w1280.jpeg"
HEADERS = {"cache-control": "private, no-store", "referrer-policy": "no-referrer"}


class Known:
    def find(self, image_id: str) -> ReadResult:
        return ReadResult(manifest(image_id) if image_id == "a/1.jpg" else None, "CacheHit")


def read(
    link: str,
    monkeypatch: pytest.MonkeyPatch,
    edge: EdgeSettings = NO_EDGE,
    signing: LinkSigner | None = None,
    method: str = "GET",
    *,
    cdn: bool = True,
    **headers: str,
) -> dict[str, Any]:
    def presign(key: str, seconds: int = 0) -> str:
        return f"https://s3.example/{key}?{seconds}"

    rules = AccessRules([("a/", "private")])
    made = bootstrap.Dependencies(Known(), presign, edge, 60, rules, signing or signer())  # type: ignore[arg-type]  # all that is used
    monkeypatch.setattr(bootstrap, "dependencies", lambda: made)
    event = request_of(link, method, **headers)
    if not cdn:
        del event["stageVariables"]
    context: Any = SimpleNamespace(aws_request_id="request")
    return handler(event, context)


def link(path: str = "/images/a/1.jpg", expires: int = SOON, **parameters: str) -> str:
    return signer().link("https://cdn.example", path, expires, parameters, encode_twice=False)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_redirect_leads_to_a_signed_url_that_expires_with_the_link(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = read(link(format="jpeg"), monkeypatch, method=method)
    assert answer["statusCode"] == 302
    url, _, query = answer["headers"]["location"].partition("?")
    signed = {name: values[0] for name, values in parse_qs(query).items()}
    assert url == f"https://cdn.example/signed/renditions/{KEY}"
    assert signed["Expires"] == str(SOON)
    assert keys().verifies(canned_policy(url, SOON), signed["Key-Pair-Id"], signed["Signature"])


def test_a_download_leads_to_a_signed_url_that_covers_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    location = read(link(format="jpeg", download="1"), monkeypatch)["headers"]["location"]
    url, _, query = location.partition("&Expires=")
    assert url == f"https://cdn.example/signed/downloads/{KEY}?name=1.{KEY.rpartition('.')[2]}"
    signed = {name: values[0] for name, values in parse_qs(f"Expires={query}").items()}
    assert keys().verifies(canned_policy(url, SOON), signed["Key-Pair-Id"], signed["Signature"])
    assert read(link(format="jpeg") + "&download=1", monkeypatch)["statusCode"] == 403


@pytest.mark.parametrize(
    "path", ["/images/a/1.jpg", "/metadata/a/1.jpg", "/images/a/unknown", "/metadata/a/unknown"]
)
def test_no_cache_may_store_an_answer_and_no_page_hears_of_the_link(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = read(link(path), monkeypatch)["headers"]
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert not [name for name in headers if "cache-tag" in name]


def test_every_link_in_the_metadata_is_signed_and_works(monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads(read(link("/metadata/a/1.jpg"), monkeypatch)["body"])
    own = [content["url"], *(each.split(" ")[0] for each in content["srcset"]["webp"].split(", "))]
    for each in own:
        assert read(each, monkeypatch)["statusCode"] == 302, each
    files = [each["url"] for each in content["renditions"]]
    assert all("/signed/renditions/" in each and f"Expires={SOON}&Signature=" in each for each in files)
    assert content["picture"].count("signature=") == content["picture"].count("https://") > 0


def test_metadata_that_the_client_has_are_304(monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(link("/metadata/a/1.jpg"), monkeypatch)
    again = read(link("/metadata/a/1.jpg"), monkeypatch, **{"if-none-match": first["headers"]["etag"]})
    assert (again["statusCode"], again["body"]) == (304, "")


def test_without_a_cdn_the_redirect_leads_to_s3_for_what_is_left_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    location = read(link(expires=int(time.time()) + 600), monkeypatch, cdn=False)["headers"]["location"]
    assert location.startswith("https://s3.example/a/1.jpg/")
    assert 0 < int(urlsplit(location).query) <= 600


def test_a_presigned_link_lasts_as_long_as_the_signed_one_but_no_longer_than_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    assert "X-Amz-Expires=600&" in presigning.presigned_link("renditions", "a", 600)
    assert "X-Amz-Expires=3600&" in presigning.presigned_link("renditions", "a", 604_800)


@pytest.mark.parametrize(
    "bad",
    [
        link().replace("/a/1.jpg", "/a/2.jpg"),
        link().partition("?")[0],
        link("/images/unknown").replace("unknown", "a/1.jpg"),
    ],
)
def test_a_link_that_is_not_valid_gets_one_answer_whether_or_not_there_is_an_image(
    bad: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = read(bad, monkeypatch)
    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["detail"]) == (403, "The link is not valid.")
    assert answer["headers"]["cache-control"] == "no-store"
    assert "signature" not in capsys.readouterr().out


def test_the_log_has_no_signature(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = link()
    read(signed, monkeypatch)
    logged = capsys.readouterr().out
    assert "/signed/images/a/1.jpg" in logged
    assert parse_qs(urlsplit(signed).query)["signature"][0] not in logged
    assert "signature" not in logged


def test_an_expired_link_says_so_and_nothing_about_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/images/a/1.jpg", "/images/a/unknown"):
        answer = read(link(path, expires=SOON - 7200), monkeypatch)
        assert (answer["statusCode"], "has expired" in json.loads(answer["body"])["detail"]) == (403, True)


def test_where_direct_reads_are_refused_a_signed_link_needs_the_edge_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    required = EDGE._replace(required=True)
    assert read(link(), monkeypatch, required)["statusCode"] == 403
    assert read(link(), monkeypatch, required, **{"x-edge-secret": "first"})["statusCode"] == 302


def test_a_key_that_can_check_but_not_sign_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret was replaced by something else: links that are out are valid, and can't lead on."""
    answer = read(link(), monkeypatch, signing=signer("no PEM", K1=PUBLIC))
    assert (answer["statusCode"], "LinkKeySecretArn" in answer["body"]) == (501, True)
    assert PRIVATE not in answer["body"]
