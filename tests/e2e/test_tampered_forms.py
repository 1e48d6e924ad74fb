"""A presigned form uploads the one file that it was made for; whatever is changed in it, S3 refuses it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import requests
from service import Service
from signed import Signed

PHOTO = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
OWN, OTHER = "forms/own.gif", "forms/other.gif"
Form = dict[str, Any]


@pytest.fixture(scope="module")
def answer(stack: Any) -> dict[str, Any]:
    body = json.dumps({"id": OWN, "content_type": "image/gif"})
    response = requests.post(stack.url("/uploads"), data=body, auth=Signed(stack), timeout=60)
    assert response.status_code == 201, response.text
    result: dict[str, Any] = response.json()
    return result


def with_policy(form: Form, change: Callable[[dict[str, Any]], None]) -> Form:
    policy = json.loads(base64.b64decode(form["policy"]))
    change(policy)
    return {**form, "policy": base64.b64encode(json.dumps(policy).encode()).decode()}


def anything_goes(policy: dict[str, Any]) -> None:
    policy["conditions"] = [["starts-with", "$key", ""], ["starts-with", "$Content-Type", ""]]


def for_good(policy: dict[str, Any]) -> None:
    policy["expiration"] = "2099-01-01T00:00:00Z"


def flipped(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


TAMPERED: dict[str, Callable[[Form], Form]] = {
    "another id": lambda form: {**form, "key": OTHER},
    "an id above its folder": lambda form: {**form, "key": "forms/../other.gif"},
    "the file's own name": lambda form: {**form, "key": "forms/${filename}"},
    "another content type": lambda form: {**form, "Content-Type": "text/html"},
    "no content type": lambda form: {name: text for name, text in form.items() if name != "Content-Type"},
    "public to all": lambda form: {**form, "acl": "public-read"},
    "a redirect afterwards": lambda form: {**form, "success_action_redirect": "https://evil.example/"},
    "metadata of its own": lambda form: {**form, "x-amz-meta-uploaded-by": "someone else"},
    "a tag of its own": lambda form: {**form, "tagging": "<Tagging><TagSet/></Tagging>"},
    "a policy that permits all": lambda form: with_policy(form, anything_goes),
    "a policy for good": lambda form: with_policy(form, for_good),
    "no policy": lambda form: {name: text for name, text in form.items() if name != "policy"},
    "another signature": lambda form: {**form, "x-amz-signature": flipped(form["x-amz-signature"])},
    "no signature": lambda form: {name: text for name, text in form.items() if name != "x-amz-signature"},
    "another day": lambda form: {**form, "x-amz-date": "20200101T000000Z"},
    "another signer": lambda form: {**form, "x-amz-credential": "AKIA0/20261126/us-east-1/s3/aws4_request"},
}


def stored(service: Service) -> list[str]:
    listed = service.stack.client("s3").list_objects_v2(
        Bucket=service.stack.outputs["SourceBucketName"], Prefix="forms/"
    )
    return [each["Key"] for each in listed.get("Contents", [])]


@pytest.mark.parametrize("change", TAMPERED)
def test_a_form_that_was_changed_stores_nothing(
    service: Service, answer: dict[str, Any], change: str
) -> None:
    before = stored(service)
    sent = httpx.post(
        answer["url"], data=TAMPERED[change](answer["fields"]), files={"file": ("f.gif", PHOTO)}, timeout=60
    )
    assert sent.status_code in (400, 403), sent.text
    assert stored(service) == before


@pytest.mark.parametrize("size", ["none", "more than is permitted"])
def test_a_file_of_another_size_is_refused(service: Service, answer: dict[str, Any], size: str) -> None:
    before = stored(service)
    data = b"" if size == "none" else PHOTO + bytes(answer["max_bytes"])
    sent = httpx.post(answer["url"], data=answer["fields"], files={"file": ("f.gif", data)}, timeout=120)
    assert sent.status_code == 400, sent.text
    assert stored(service) == before


def test_the_form_as_it_was_made_stores_the_file(service: Service, answer: dict[str, Any]) -> None:
    sent = httpx.post(answer["url"], data=answer["fields"], files={"file": ("f.gif", PHOTO)}, timeout=60)
    assert sent.status_code in (200, 201, 204), sent.text
    assert OWN in stored(service)
