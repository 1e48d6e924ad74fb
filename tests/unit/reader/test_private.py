"""Private ids at the reader that everybody can ask: always the same refusal, before any look at the image."""

from types import SimpleNamespace
from typing import Any

import pytest
from read_world import NO_EDGE, manifest

from imageservice.adapters.link_keys import link_keys
from imageservice.core.access import AccessRules
from imageservice.core.errors import StoreUnavailable
from imageservice.core.manifest import Manifest
from imageservice.http.signed_links import LinkSigner
from imageservice.read_through import ReadResult
from reader import bootstrap
from reader.handler import handler

RULES = AccessRules([("a/open/", "public"), ("a/", "private")])


class Known:
    """Finds this manifest for every id, or fails; counts how often it is asked."""

    def __init__(self, found: Manifest | Exception | None) -> None:
        self._found = found
        self.asked = 0

    def find(self, _: str) -> ReadResult:
        self.asked += 1
        if isinstance(self._found, Exception):
            raise self._found
        return ReadResult(self._found, "CacheHit")


def answer(path: str, known: Known, monkeypatch: pytest.MonkeyPatch, method: str = "GET") -> dict[str, Any]:
    made = bootstrap.Dependencies(known, str, NO_EDGE, 60, RULES, LinkSigner(link_keys("", "")))  # type: ignore[arg-type]  # all of it that is used here
    monkeypatch.setattr(bootstrap, "dependencies", lambda: made)
    context: Any = SimpleNamespace(aws_request_id="request")
    event = {
        "rawPath": path,
        "headers": {"host": "api.example"},
        "requestContext": {"http": {"method": method, "path": path}},
    }
    return handler(event, context)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/images/a/1.jpg", "/metadata/a/1.jpg"])
def test_the_answer_is_the_same_whether_or_not_there_is_such_an_image(
    path: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = [manifest("a/1.jpg"), None, StoreUnavailable("down")]
    known = [Known(state) for state in states]
    answers = [answer(path, each, monkeypatch, method) for each in known]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["statusCode"], answers[0]["headers"]["cache-control"]) == (403, "no-store")
    assert [each.asked for each in known] == [0, 0, 0]


@pytest.mark.parametrize("image_id", ["b/1.jpg", "a", "A/1.jpg", "a/open/1.jpg", "/a/1.jpg"])
def test_other_ids_are_answered_as_before(image_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(f"/images/{image_id}", Known(manifest(image_id)), monkeypatch)["statusCode"] == 302
