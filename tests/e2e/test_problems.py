"""Every answer that is no success is a problem in JSON, at the API and at the edge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from service import Service
from signed import Signed
from waiting import HANG_S

Call = Callable[..., requests.Response]


@pytest.fixture(params=["ApiUrl", "CdnUrl"])
def call(request: pytest.FixtureRequest, service: Service) -> Call:
    """A request at the API, or at the edge."""
    entrance = service.stack.outputs[request.param].rstrip("/")

    def calling(method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, entrance + path, timeout=HANG_S, allow_redirects=False, **more)

    return calling


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("PATCH", "/images/a.jpg", 405),
        ("POST", "/metadata/a.jpg", 405),
        ("GET", "/images/a.jpg", 404),
        ("GET", "/images/a.jpg?w=no", 400),
        ("GET", "/uploads/a.jpg", 404),
        ("GET", "/renditions/a.jpg/0/w320.webp", 404),
    ],
)
def test_what_can_not_be_served_is_a_problem(call: Call, method: str, path: str, code: int) -> None:
    answer = call(method, path)
    assert answer.status_code == code
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert {"title", "status", "detail"} <= answer.json().keys()
    assert ("allow" in answer.headers) == (code == 405)


@pytest.mark.parametrize("path", ["/metadata/nothing.jpg", "/images/nothing.jpg"])
def test_the_length_that_head_promises_is_the_one_of_get(call: Call, path: str) -> None:
    head, got = call("HEAD", path), call("GET", path)
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))


def test_the_length_of_metadata_is_the_same_by_head(call: Call, service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    head, got = (call(method, f"/metadata/{image_id}") for method in ("HEAD", "GET"))
    assert head.headers["content-length"] == str(len(got.content))


def test_a_body_of_another_type_is_unsupported_and_the_accepted_types_are_listed(service: Service) -> None:
    answer = requests.put(
        service.stack.url("/images/a.svg"),
        data=b"<svg/>",
        headers={"content-type": "image/svg+xml"},
        auth=Signed(service.stack),
        timeout=HANG_S,
    )
    assert (answer.status_code, answer.headers["content-type"]) == (415, "application/problem+json")
    assert "image/jpeg" in answer.json()["detail"]
