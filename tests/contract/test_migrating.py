"""docs/migrating.md: the links on its right-hand side are links that the reader understands."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

from read_world import EDGE

from dev.checks import ROOT
from reader.request import ReadRequest, read_request

LINK = re.compile(r"\| `(/(?:images|metadata)/[^`]+)`")
PLAN = json.loads((ROOT / "functions/imageservice/core/rendition_plan.json").read_text())


def request_of(link: str) -> ReadRequest:
    parts = urlsplit(link)
    event = {
        "rawPath": parts.path,
        "headers": {},
        "queryStringParameters": dict(parse_qsl(parts.query)),
        "requestContext": {"http": {"method": "GET"}},
    }
    return read_request(event, EDGE)


def test_every_new_link_chooses_something_that_exists() -> None:
    links = LINK.findall((ROOT / "docs/migrating.md").read_text())
    assert len(links) > 12
    sizes = {size["name"] for size in PLAN["sizes"]} | {"card"}  # the page's example of a size of one's own
    for link in links:
        request = request_of(link)
        assert request.image_id == "shoes/red.jpg"
        assert request.query.size is None or request.query.size in sizes, link
        asked = {name for name, _ in parse_qsl(urlsplit(link).query)}
        assert asked <= {"w", "dpr", "size", "format"}, link
