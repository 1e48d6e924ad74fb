"""The API as an origin of the local edge: it gets what the viewer sent, byte by byte."""

import asyncio

from listener import Listener

from local.cloudfront.origins import Api, Ask


def test_headers_that_are_not_ascii_arrive_as_they_were_sent() -> None:
    with Listener(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        api = Api(server.url.replace("redis", "http").removesuffix("/0"), {"x-secret": "s"})
        sent = "0.4，0.1".encode().decode("latin-1")  # as a server reads the bytes of a header
        answer = asyncio.run(api.ask(Ask("GET", "/images/a", "", {"x-amz-meta-focus": sent})))
    assert answer.status == 204
    assert "x-amz-meta-focus: 0.4，0.1\r\nx-secret: s".encode() in server.received
