"""Why there is no image, in the form of RFC 9457."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from read_world import manifest

from imageservice.core.errors import LinkRequired, RequestInvalid
from imageservice.core.manifest import Manifest
from reader.responses import store_unavailable

Read = Callable[..., dict[str, Any]]

UNKNOWN = None
PROCESSING: Manifest = {"id": "a.jpg", "status": "PROCESSING", "revision": 0}
FAILED: Manifest = {"id": "a.jpg", "status": "FAILED", "revision": 0}
REJECTED: Manifest = {
    "id": "a.jpg",
    "status": "REJECTED",
    "revision": 0,
    "error": {"name": "ImageRejected", "cause": "This is not an image."},
}
DELETED: Manifest = {"id": "a.jpg", "status": "DELETED", "revision": 7}
ALL = [UNKNOWN, PROCESSING, FAILED, REJECTED, DELETED]


@pytest.mark.parametrize("path", ["/images/a.jpg", "/metadata/a.jpg"])
@pytest.mark.parametrize(
    ("known", "code"), [(UNKNOWN, 404), (PROCESSING, 404), (FAILED, 404), (REJECTED, 422), (DELETED, 410)]
)
def test_each_state_without_renditions_has_its_status_code(
    read: Read, path: str, known: Manifest | None, code: int
) -> None:
    assert read(path, known=known)["statusCode"] == code


@pytest.mark.parametrize("known", ALL)
def test_no_problem_is_kept_by_any_cache(read: Read, known: Manifest | None) -> None:
    assert read(known=known)["headers"]["cache-control"] == "no-store"


@pytest.mark.parametrize("known", ALL)
def test_problems_say_what_they_are(read: Read, known: Manifest | None) -> None:
    answer = read(known=known)
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert {"title", "status", "detail"} <= set(json.loads(answer["body"]))


@pytest.mark.parametrize("known", ALL[1:])
def test_the_images_own_state_is_shown(read: Read, known: Manifest) -> None:
    assert json.loads(read(known=known)["body"])["status"] == known["status"]


@pytest.mark.parametrize(("known", "seconds"), [(PROCESSING, "2"), (FAILED, "60")])
def test_what_may_come_yet_says_when_to_ask_again(read: Read, known: Manifest, seconds: str) -> None:
    assert read(known=known)["headers"]["retry-after"] == seconds


def test_a_rejection_says_what_is_wrong_with_the_image(read: Read) -> None:
    assert json.loads(read(known=REJECTED)["body"])["detail"] == "This is not an image."


@pytest.mark.parametrize("path", ["/images/a.jpg", "/metadata/a.jpg"])
def test_an_image_that_was_made_private_needs_a_link_under_every_plan(read: Read, path: str) -> None:
    """A canary of a new plan, or an image that is to become public and is not made again yet."""
    known = {**manifest("a.jpg"), "digest": "p123456789abcdef"}
    with pytest.raises(LinkRequired):
        read(path, known=known)


def test_a_store_that_can_not_be_read_is_no_missing_image() -> None:
    answer = store_unavailable()
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "1")


@pytest.mark.parametrize("fallback", ["gray", "transparent"])
@pytest.mark.parametrize("known", ALL)
def test_a_placeholder_is_shown_with_the_status_that_the_problem_has(
    read: Read, known: Manifest | None, fallback: str
) -> None:
    plain, shown = read(known=known), read(query={"fallback": fallback}, known=known)
    assert shown["body"].startswith("<svg")
    assert {**shown, "body": "", "headers": {**shown["headers"], "content-type": ""}} == {
        **plain,
        "body": "",
        "headers": {**plain["headers"], "content-type": ""},
    }


def test_an_image_that_is_there_needs_no_placeholder(read: Read) -> None:
    assert read(query={"fallback": "gray"}) == read()


@pytest.mark.parametrize("fallback", ["", "red", "<svg>"])
def test_a_placeholder_that_there_is_not_is_refused(read: Read, fallback: str) -> None:
    with pytest.raises(RequestInvalid, match=r"^fallback must be one of gray, transparent"):
        read(query={"fallback": fallback})
