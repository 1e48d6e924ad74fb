"""The parsers of what comes from outside: each gets anything at all, and has only its documented outcomes.

A target raises whatever a parser raises beyond that, or AssertionError.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import boto3
import image_tables
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from links import signer
from moto import mock_aws
from read_world import EDGE, manifest
from rich.console import Console

from attacks import inputs
from attacks.writes import HEADER, REFUSALS, link_signed, presign, text_changed, written
from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.logging import logger
from imageservice.adapters.source_bucket import Originals
from imageservice.core.access import AccessRules
from imageservice.core.formats import MODERN
from imageservice.core.negotiation import preferred_formats
from imageservice.core.upload_event import upload_from_event
from imageservice.core.upload_state import UploadState
from imageservice.failures.advice import advice_on
from imageservice.failures.failed_execution import NotAnUpload, failed_execution, stack_trace_in
from imageservice_operator.cli.output import escaped, table, untrusted, untrusted_lines
from imageservice_operator.console.json_view import tree
from imageservice_operator.console.security import Guard, Session
from reader import bootstrap as reader_bootstrap
from reader.handler import handler as read
from unrouted.handler import handler as unrouted
from upload_status import bootstrap as status_bootstrap
from upload_status.handler import handler as upload_status
from uploads.requests import Writes

CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="request"
)
NAMES = (
    "a read",
    "a read with a signature",
    "the state of an upload",
    "an address without a route",
    "Accept",
    "POST /uploads",
    "POST /links",
    "PATCH /metadata/{id+}",
    "PUT and DELETE /images/{id+}",
    "S3's events",
    "the end of an execution",
    "a table on the terminal",
    "the console's door",
    "JSON on a page of the console",
)
"""What is attacked."""
# Elements and attributes of json_view's own; no value of theirs can run anything.
_ELEMENTS = {"div", "span", "p", "details", "summary", "mark", "ul", "li"}
_ATTRIBUTES = {"class", "open"}
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]*)?")
_STYLES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Target:
    """One parser: what it is given, and a function that fails if anything but its documented outcomes comes."""

    name: str
    given: st.SearchStrategy[Any]
    attack: Callable[[Any], None]

    def run(self, examples: int) -> None:
        """So many inputs; hypothesis makes the first one that fails smaller, and raises what it raised."""

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(self.given)
        def attack(anything: object) -> None:
            self.attack(anything)

        attack()


@contextlib.contextmanager
def targets() -> Iterator[list[Target]]:
    """All of them, over moto's S3 and DynamoDB."""
    with mock_aws(), pytest.MonkeyPatch.context() as patched:
        s3, dynamodb = boto3.client("s3", "us-east-1"), boto3.client("dynamodb", "us-east-1")
        s3.create_bucket(Bucket="source")
        image_tables.create_audit(dynamodb)
        writes = Writes(Originals(s3, "source", max_bytes=1000), AuditTable(dynamodb, image_tables.AUDIT))
        reads = SimpleNamespace(find=lambda image_id: (manifest(image_id), "CacheHit"))
        reader: Any = (reads, _link, EDGE, 60.0, AccessRules([("p", "private")]), signer())
        patched.setattr(reader_bootstrap, "dependencies", lambda: reader_bootstrap.Dependencies(*reader))
        states = SimpleNamespace(find=_ready)
        patched.setattr(status_bootstrap, "states", lambda: states)
        yield [
            Target("a read", inputs.REQUESTS, partial(_answered, partial(_logging, read))),
            Target(
                "a read with a signature",
                inputs.REQUESTS.map(_signed),
                partial(_answered, partial(_logging, read)),
            ),
            Target(
                "the state of an upload",
                inputs.REQUESTS,
                partial(_answered, partial(_logging, upload_status)),
            ),
            Target("an address without a route", inputs.REQUESTS, partial(_answered, _unrouted)),
            Target("Accept", inputs.TEXT, _accept),
            Target("POST /uploads", inputs.BODIES, partial(presign, writes)),
            Target("POST /links", inputs.LINKS, partial(link_signed, replace(writes, signer=signer()))),
            Target("PATCH /metadata/{id+}", inputs.PATCHES, text_changed),
            Target("PUT and DELETE /images/{id+}", inputs.REQUESTS, partial(written, writes)),
            Target("S3's events", inputs.S3_EVENTS, _event),
            Target("the end of an execution", inputs.STATUS_CHANGES, _ended),
            Target("a table on the terminal", inputs.TEXT, _printed),
            Target("the console's door", inputs.VISITS, _visit),
            Target("JSON on a page of the console", inputs.SHOWN, _shown),
        ]


def _link(key: str) -> str:
    return "https://s3.example/rendition?signed"


def _signed(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "rawPath": f"/signed{event['rawPath']}"}


def _ready(key: str, version: str | None) -> UploadState:
    return UploadState(id=key, version_id=version or "v", status="READY", served=True)


def _answered(call: Callable[[dict[str, Any]], Any], event: dict[str, Any]) -> None:
    """An answer is one that API Gateway can send: no header is split, and a problem says what is wrong."""
    answer = call(event)
    assert answer["statusCode"] in {200, 302, 304, *REFUSALS}, answer
    for name, value in answer["headers"].items():
        assert HEADER.fullmatch(name), name
        assert HEADER.fullmatch(value), (name, value)
    if answer.get("body") and not answer.get("isBase64Encoded"):
        body = json.loads(answer["body"])
        body_bytes = answer["body"].encode()
        assert answer["statusCode"] < 400 or body["detail"], body_bytes


def _logging(handler: Callable[[Any, Any], Any], event: dict[str, Any]) -> Any:
    """The handler's answer. What it logs is JSON, a line a record, whatever the request has in it."""
    log = io.StringIO()
    output: Any = logger.registered_handler
    before = output.setStream(log)
    try:
        with contextlib.redirect_stdout(log):
            answer = handler(event, CONTEXT)
    finally:
        output.setStream(before)
    lines = log.getvalue().split("\n")
    assert lines.pop() == ""
    assert all(json.loads(line)["message"] for line in lines)
    assert lines
    return answer


def _unrouted(event: dict[str, Any]) -> Any:
    return unrouted(event, CONTEXT)


def _accept(header: str) -> None:
    assert set(preferred_formats(header)) <= set(MODERN)


def _event(event: Any) -> None:
    try:
        upload = upload_from_event(event)
    except (KeyError, TypeError):
        return
    if all(isinstance(each, str) for each in (upload.id, upload.bucket, upload.sequencer)):
        assert upload_from_event(upload.created_event("Replay")) == upload


def _ended(change: dict[str, Any]) -> None:
    stack_trace_in(change["cause"])
    try:
        failed = failed_execution(change)
    except NotAnUpload:
        return
    assert failed.failure["cause"]
    assert advice_on(failed.failure["name"], failed.failure["cause"]).remedy


def _printed(text: str) -> None:
    """Nothing of a text reaches the terminal as a command: no escape, no line break, no change of direction."""
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system="truecolor")
    shown = table("image", "cause")
    shown.add_row(untrusted(text), escaped(text))
    console.print(shown)
    lines = out.getvalue()
    assert all(line.isprintable() for line in _STYLES.sub("", lines).split("\n")), repr(lines)
    console.print(untrusted_lines(text))
    assert all(line.isprintable() for line in _STYLES.sub("", out.getvalue()).split("\n")), repr(lines)


def _visit(visit: dict[str, str]) -> None:
    """A page that is not the console's own changes nothing, whatever name it has for this machine."""
    session = Session(keyed=True)
    passed: list[str] = []
    answers: list[int] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["method"])

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    sent = {name: text for name, text in visit.items() if name not in ("method", "query")}
    sent["cookie"] = sent.get("cookie", "").replace("KNOWN", session.cookie)
    headers = [(name.encode(), text.encode("utf-8", "replace")) for name, text in sent.items()]
    query = visit.get("query", "").encode("utf-8", "replace")
    scope = {
        "type": "http",
        "method": visit["method"],
        "path": "/",
        "headers": headers,
        "query_string": query,
    }
    asyncio.run(Guard(page, session)(scope, receive, send))
    assert passed or answers[0] in (401, 403, 421)
    if passed:
        assert _LOOPBACK.fullmatch(visit["host"]), visit
        assert session.cookie in sent["cookie"]
    if passed and visit["method"] not in ("GET", "HEAD"):
        assert visit.get("origin", f"http://{visit['host']}") == f"http://{visit['host']}"
        assert visit.get("sec-fetch-site", "same-origin") == "same-origin"


class _Elements(HTMLParser):
    """Raises AssertionError for any element or attribute that could do something."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _ELEMENTS, tag
        assert {name for name, _ in attrs} <= _ATTRIBUTES, attrs

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def _shown(given: tuple[Any, str]) -> None:
    _Elements().feed(str(tree(*given)))
