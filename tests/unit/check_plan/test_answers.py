"""What CloudFormation hears about a deployment's plan."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from check_plan.handler import handler
from imageservice_operator.operations.plan import MAX_BYTES, parsed

VALID = '{"formats": ["fallback"], "sizes": [{"name": "w", "width": 9}]}'


class CloudFormation:
    """Takes answers, as the bucket behind a ResponseURL does: a PUT without a content type."""

    def __init__(self) -> None:
        answers = self.answers = list[dict[str, Any]]()

        class Taker(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Type"] == "":
                    answers.append(json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Taker)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def asks(self, kind: str, plan: str) -> dict[str, Any]:
        event = {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/?signature",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "CheckedPlan",
            "ResourceProperties": {"Plan": plan},
        }
        handler(event, None)
        return self.answers.pop()


@pytest.fixture(scope="module")
def cloudformation() -> Iterator[CloudFormation]:
    made = CloudFormation()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_valid_plan_succeeds_as_the_same_resource_each_time(
    cloudformation: CloudFormation, kind: str
) -> None:
    assert cloudformation.asks(kind, VALID) == {
        "Status": "SUCCESS",
        "Data": {"Plan": VALID, "Access": ""},
        "PhysicalResourceId": "rendition-plan",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "CheckedPlan",
    }


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("{}", "required property"),
        ("{", "is not JSON"),
        (
            '{"rules": [{"prefix": "a/"}, {"prefix": "a/"}], "default": ' + VALID + "}",
            "two rules for the prefix 'a/'",
        ),
        (json.dumps({"default": json.loads(VALID), "rules": [{"prefix": "é" * 3000}]}), "rules[0].prefix"),
    ],
)
def test_an_invalid_plan_fails_with_the_place_in_less_than_cloudformation_takes(
    cloudformation: CloudFormation, plan: str, reason: str
) -> None:
    answer = cloudformation.asks("Update", plan)
    assert (answer["Status"], reason in answer["Reason"]) == ("FAILED", True)
    assert len(json.dumps(answer)) < 4096


def test_the_answer_with_the_longest_plan_has_as_many_bytes_as_cloudformation_takes(
    cloudformation: CloudFormation,
) -> None:
    rules = [{"prefix": "é" * 480}, {"prefix": "ü" * 480}, {"prefix": "ö" * 480}, {"prefix": "x" * 280}]
    plan = parsed(json.dumps({"default": json.loads(VALID), "rules": rules}))
    assert MAX_BYTES - 300 < plan.bytes <= MAX_BYTES
    answer = json.dumps(cloudformation.asks("Create", plan.text), ensure_ascii=False).encode()
    arn = (
        "arn:aws-us-gov:cloudformation:us-gov-east-1:123456789012:stack//00000000-0000-0000-0000-000000000000"
    )
    assert len(answer) + len(arn) + 40 + 36 + MAX_BYTES - plan.bytes <= 4096


def test_a_deletion_succeeds_whatever_the_plan(cloudformation: CloudFormation) -> None:
    assert cloudformation.asks("Delete", "{")["Status"] == "SUCCESS"
