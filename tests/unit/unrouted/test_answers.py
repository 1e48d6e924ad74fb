"""What no other route answers."""

import json
from typing import Any

import pytest

from unrouted.handler import METHODS, handler


def unrouted(path: str, method: str = "TRACE") -> dict[str, Any]:
    return {"rawPath": path, "requestContext": {"http": {"method": method}}}


@pytest.mark.parametrize(
    ("path", "code", "allow"),
    [
        ("/", 404, None),
        ("/images", 404, None),
        ("/images/", 404, None),
        ("/uploads/", 404, None),
        ("/robots.txt", 404, None),
        ("/images/a/b.jpg", 405, "GET, HEAD, PUT, DELETE"),
        ("/metadata/a", 405, "GET, HEAD, PATCH"),
        ("/signed/images/a", 405, "GET, HEAD"),
        ("/links", 405, "POST"),
        ("/uploads/a", 405, "GET"),
        ("/uploads", 405, "POST"),
        ("/renditions/a.jpg/0b54f1c2a7e49d36/w640.avif", 404, None),
    ],
)
def test_an_address_is_unknown_or_lacks_the_method(path: str, code: int, allow: str | None) -> None:
    answer = handler(unrouted(path), None)
    assert (answer["statusCode"], answer["headers"].get("allow")) == (code, allow)
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert answer["headers"]["cache-control"] == "no-store"


def test_a_missing_rendition_names_the_way_to_the_current_one() -> None:
    answer = handler(unrouted("/renditions/a/0/w1.jpg"), None)
    assert "/images/{id}" in json.loads(answer["body"])["detail"]


def test_a_method_is_listed_once() -> None:
    assert all(len(set(methods)) == len(methods) for methods in METHODS.values())


def test_a_path_that_no_route_takes_does_not_lack_its_own_method() -> None:
    assert handler(unrouted("/images/a\nb", "GET"), None)["statusCode"] == 404
