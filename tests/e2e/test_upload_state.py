"""A page uploads and polls: the state of an upload is visible from the first moment to the last."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import requests
from service import Service
from signed import Signed
from waiting import HANG_S, until

IMAGE = "users/7/a b%20é?.jpg"


def put(service: Service, image_id: str, data: bytes, content_type: str = "image/jpeg") -> dict[str, Any]:
    """What a backend does: a signed PUT at the API itself."""
    url = service.stack.url("/images/" + quote(quote(image_id)))
    headers = {"content-type": content_type}
    answer = requests.put(url, data=data, headers=headers, auth=Signed(service.stack), timeout=HANG_S)
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    return body


def states(link: str) -> list[dict[str, Any]]:
    """Every different answer that a page gets, from now until the state is final."""
    seen: list[dict[str, Any]] = []

    def final() -> bool:
        answer = httpx.get(link)
        assert answer.status_code == 200, answer.text
        if not seen or answer.json() != seen[-1]:
            seen.append(answer.json())
        return answer.json()["status"] != "PROCESSING"

    until(final, lambda: f"{link}: {seen}")
    return seen


def test_an_upload_is_known_from_its_202_until_it_is_ready(service: Service, samples: Path) -> None:
    links = [f"{service.stack.outputs['CdnUrl']}/metadata/{quote(IMAGE)}", service.stack.url("/metadata/a")]
    for link in links:
        assert httpx.get(link).status_code == 404  # and Redis keeps that for seconds
    accepted = put(service, IMAGE, (samples / "landscape-orientation6.jpg").read_bytes())
    seen = states(accepted["upload"])
    assert list(dict.fromkeys(each["status"] for each in seen)) == ["PROCESSING", "READY"]
    assert {each["version_id"] for each in seen} == {accepted["version_id"]}
    assert seen[-1]["served"] is True
    # Every link that was answered works as it is, although the id has a space, a percent sign and more.
    assert httpx.get(seen[-1]["image"], follow_redirects=True).headers["content-type"] == "image/jpeg"
    assert httpx.get(accepted["metadata"]).json()["id"] == IMAGE


def test_a_refused_replacement_is_visible_beside_what_is_served(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    accepted = put(service, image_id, b"not an image", "image/png")
    last = states(accepted["upload"])[-1]
    assert (last["status"], last["served"]) == ("REJECTED", False)
    assert last["reason"].startswith("This kind of file is not accepted")
    assert httpx.get(last["metadata"]).json()["status"] == "READY"


def test_of_two_uploads_the_older_one_is_superseded(service: Service, samples: Path) -> None:
    image_id = "state/replaced.jpg"
    first, second = (
        put(service, image_id, (samples / name).read_bytes())
        for name in ("landscape-small.jpg", "trees-small.png")
    )
    assert states(second["upload"])[-1]["status"] == "READY"
    assert states(first["upload"])[-1]["status"] == "SUPERSEDED"


def test_a_browsers_upload_is_known_as_soon_as_s3_has_it(service: Service, samples: Path) -> None:
    """201, the form, and then the version that S3 answers with, which pages of other origins may read."""
    body = json.dumps({"id": "state/posted.png", "content_type": "image/png"})
    answer = requests.post(
        service.stack.url("/uploads"), data=body, auth=Signed(service.stack), timeout=HANG_S
    )
    form = answer.json()
    assert httpx.get(form["upload"]).status_code == 404
    files = {"file": (samples / "trees-small.png").read_bytes()}
    posted = requests.post(form["url"], data=form["fields"], files=files, timeout=HANG_S)
    assert posted.status_code == 204
    by_version = f"{form['upload']}?version={posted.headers['x-amz-version-id']}"
    assert {httpx.get(link).json()["version_id"] for link in (by_version, form["upload"])} == {
        posted.headers["x-amz-version-id"]
    }
    assert states(by_version)[-1]["status"] == "READY"


@pytest.mark.parametrize("entrance", ["ApiUrl", "CdnUrl"])
def test_pages_of_any_origin_may_ask(service: Service, entrance: str) -> None:
    url = service.stack.outputs[entrance].rstrip("/") + "/uploads/nothing.jpg"
    answer = httpx.get(url, headers={"origin": "https://shop.example"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
