"""What people say about an image, as its site meets it: set with an upload, changed by PATCH, never stale."""

import json
from typing import Any

import httpx
import pytest
import requests
from service import Service
from signed import Signed
from waiting import HANG_S

from imageservice.core.links import resource_link
from imageservice_operator.operations import audit

TEXT = {"alt": 'A "red" shoe <b>', "credit": "Zoë", "tags": ["a, b", "靴"], "filename": "Rote Schuhe.png"}
IMAGE = "text/a b+c%20é.png"


@pytest.fixture(scope="module")
def described(stack: Any, photo: bytes) -> Service:
    """A service with an image whose text came with a browser's form."""
    service = Service(stack)
    body = {"id": IMAGE, "content_type": "image/png", "text": TEXT}
    form = requests.post(stack.url("/uploads"), json=body, auth=Signed(stack), timeout=HANG_S).json()
    sent = httpx.post(form["url"], data=form["fields"], files={"file": photo}, timeout=HANG_S)
    assert sent.status_code < 300, sent.text
    service.reaches(IMAGE, "READY")
    return service


@pytest.fixture(scope="module")
def photo(samples: Any) -> bytes:
    data: bytes = (samples / "trees-alpha.png").read_bytes()
    return data


def metadata(service: Service) -> dict[str, Any]:
    """As a page gets it, through the edge."""
    link = resource_link(service.stack.public_url, "metadata", IMAGE)
    answer: dict[str, Any] = httpx.get(link, timeout=HANG_S).raise_for_status().json()
    return answer


def patched(service: Service, body: object, **headers: str) -> requests.Response:
    link = resource_link(service.stack.api_url, "metadata", IMAGE, encode_twice=True)
    return requests.patch(
        link,
        data=json.dumps(body),
        headers={"content-type": "application/merge-patch+json", **headers},
        auth=Signed(service.stack),
        timeout=HANG_S,
    )


def test_text_of_a_form_is_in_the_metadata_and_the_html(described: Service) -> None:
    found = metadata(described)
    assert found["text"] == TEXT
    assert 'alt="A &quot;red&quot; shoe &lt;b&gt;"' in found["picture"]
    assert "<small>Zoë</small>" in found["figure"]


def test_no_reader_gets_older_text_after_the_answer(described: Service) -> None:
    for number in range(3):
        metadata(described)  # now the cache and the edge have what it was
        answer = patched(described, {"text": {"alt": f"Shoe {number}", "credit": None}})
        assert answer.status_code == 200, answer.text
        assert metadata(described)["text"]["alt"] == f"Shoe {number}"
    assert "credit" not in metadata(described)["text"]
    revision, renditions = (metadata(described)[name] for name in ("revision", "renditions"))
    assert (revision, answer.json()["revision"]) == (4, 4)
    assert {each["key"].split("/")[-2] for each in renditions} == {metadata(described)["digest"]}


def test_the_metadatas_own_etag_guards_against_a_change_in_between(described: Service) -> None:
    link = resource_link(described.stack.public_url, "metadata", IMAGE)
    etag = httpx.get(link, timeout=HANG_S).headers["etag"]
    first = patched(described, {"text": {"tags": ["one"]}}, **{"if-match": etag})
    assert first.status_code == 200
    assert patched(described, {"text": {"tags": ["two"]}}, **{"if-match": etag}).status_code == 412
    assert patched(described, {"text": {"tags": ["two"]}}, **{"if-match": first.headers["etag"]}).ok


def test_only_who_may_upload_may_change_it(described: Service) -> None:
    link = resource_link(described.stack.api_url, "metadata", IMAGE, encode_twice=True)
    unsigned = httpx.patch(link, json={"text": {"alt": "Forged"}}, timeout=HANG_S)
    assert unsigned.status_code in (401, 403)
    assert metadata(described)["text"].get("alt") != "Forged"
    acts = [each.action for each in audit.of_image(described.stack, IMAGE)]
    assert set(acts) == {"describe"}


@pytest.mark.parametrize(("format", "extension"), [("avif", "avif"), ("fallback", "jpg")])
def test_a_download_has_the_name_that_people_know(described: Service, format: str, extension: str) -> None:
    link = resource_link(described.stack.public_url, "images", IMAGE)
    shown = httpx.get(f"{link}?size=w320&format={format}", follow_redirects=True, timeout=HANG_S)
    saved = httpx.get(f"{link}?size=w320&format={format}&download", follow_redirects=True, timeout=HANG_S)
    assert saved.content == shown.content
    assert "content-disposition" not in shown.headers
    name = f"Rote%20Schuhe.{extension}"
    plain = name.replace("%20", " ")
    expected = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{name}"
    assert saved.headers["content-disposition"] == expected
    again = httpx.get(f"{link}?size=w320&format={format}&download=2", timeout=HANG_S)
    assert again.headers["location"] == str(saved.url)
