"""The documentation's webhook: its rule, its destination and its token, in front of a real HTTP server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from local.deployment.source import parse

TOKEN = "Bearer of news"
TEMPLATE = next(
    text
    for text in re.findall(
        r"```yaml\n(.*?)```", (Path(__file__).parents[3] / "docs" / "events.md").read_text(), re.DOTALL
    )
    if "ApiDestination" in text
)


class Shop(HTTPServer):
    """The site's end of the webhook; remembers what it was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str | None, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Shop

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.calls.append((self.path, self.headers["authorization"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *parts: object) -> None:
        """Not to standard error."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def subscribe(events: Any, address: str) -> None:
    """Makes what the template describes, with another address and token: MiniStack has the calls, not the resources."""
    made = {name: each["Properties"] for name, each in parse(TEMPLATE)["Resources"].items()}
    connection, destination, rule = (made[name] for name in ("ShopConnection", "ShopWebhook", "ShopRule"))
    connection["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyValue"] = TOKEN
    arn = events.create_connection(Name="shop", **connection)["ConnectionArn"]
    destination |= {"ConnectionArn": arn, "InvocationEndpoint": address}
    arn = events.create_api_destination(Name="shop", **destination)["ApiDestinationArn"]
    events.put_rule(Name="shop", EventPattern=json.dumps(rule["EventPattern"]))
    role = "arn:aws:iam::000000000000:role/shop"
    events.put_targets(Rule="shop", Targets=[{"Id": "webhook", "Arn": arn, "RoleArn": role}])


def test_a_site_is_called_for_its_own_images_with_its_token(service: Any, shop: Shop) -> None:
    subscribe(service.stack.client("events"), f"http://127.0.0.1:{shop.server_port}/hooks/images")
    client, bucket = service.stack.client("s3"), service.stack.source_bucket
    client.put_object(Bucket=bucket, Key="news/no.jpg", Body=b"no image")
    client.put_object(Bucket=bucket, Key="shop/no.jpg", Body=b"no image")
    path, token, event = until(lambda: shop.calls)[0]
    assert (path, token, event["detail-type"]) == ("/hooks/images", TOKEN, "ImageRejected")
    assert event["detail"]["id"] == "shop/no.jpg"
    assert event["detail"]["reason"]
    until(lambda: service.statuses(["news/no.jpg"])["news/no.jpg"] == "REJECTED")
    assert {body["detail"]["id"] for _, _, body in shop.calls} == {"shop/no.jpg"}
