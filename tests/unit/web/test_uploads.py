"""What a site's backend sends, however hostile the values are that a page passes on; to a server of this test."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from listener import Listener
from waiting import until

from imageservice_web.uploads import BearerToken, UploadRefused, Uploads

ANSWER = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture
def server() -> Iterator[Listener]:
    with Listener(ANSWER) as made:
        yield made


@pytest.fixture
def uploads(server: Listener) -> Uploads:
    url = server.url.replace("redis", "http").removesuffix("/0")
    return Uploads(url, BearerToken(lambda: "token"))


def test_a_link_is_to_the_image_that_the_site_names(uploads: Uploads, server: Listener) -> None:
    passed_on: dict[str, Any] = {"id": "invoices/b.pdf", "size": "w640"}
    uploads.link("invoices/a.jpg", **passed_on)
    until(lambda: server.received.endswith(b"}"))
    sent = json.loads(server.received.partition(b"\r\n\r\n")[2])
    assert sent == {"id": "invoices/a.jpg", "expires": 3600, "size": "w640"}


@pytest.mark.parametrize(
    "call",
    [
        lambda uploads: uploads.put("a", b"x", "image/jpeg\r\nx-evil: 1"),
        lambda uploads: uploads.put("a", b"x", "image/jpeg", focus="0,0\r\nx-amz-meta-alt: evil"),
        lambda uploads: uploads.put("a", b"x", "image/jpeg", focus="0\uff0c1"),
        lambda uploads: uploads.describe("a", {"alt": "x"}, etag='"1"\n'),
        lambda uploads: uploads.focus("a", "0,0", etag="\ud800"),
    ],
)
def test_a_value_that_no_header_can_have_is_refused_before_anything_is_sent(
    uploads: Uploads, server: Listener, call: Callable[[Uploads], object]
) -> None:
    with pytest.raises(UploadRefused, match=r"400: .*header") as refused:
        call(uploads)
    assert (refused.value.status, server.connections) == (400, 0)
