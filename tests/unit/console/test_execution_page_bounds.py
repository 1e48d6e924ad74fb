"""An execution's page stays below 200 kB however long its history and its data are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import image_tables
import moto_workflows
import pytest
from moto import mock_aws
from starlette.testclient import TestClient

from imageservice_operator.console.app import create_app
from imageservice_operator.operations.stack import Stack

BEGAN = datetime(2026, 11, 26, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:ProcessImage:long"
DATA = json.dumps({"text": '"<&>' * 3_000, "list": [{"key": f'"{number}"'} for number in range(500)]})


class LongHistory:
    """moto's Step Functions with one execution of a state that was tried and entered thousands of times."""

    def __init__(self, client: Any, machine: str) -> None:
        self._client, self._machine = client, machine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_execution(self, **_: Any) -> dict[str, Any]:
        return {
            "executionArn": ARN,
            "stateMachineArn": self._machine,
            "name": "long",
            "status": "FAILED",
            "startDate": BEGAN,
            "stopDate": BEGAN + timedelta(hours=1),
            "input": DATA,
            "error": "E" * 200,
            "cause": DATA,
        }

    def get_paginator(self, name: str) -> Any:
        return self if name == "get_execution_history" else self._client.get_paginator(name)

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"events": list(self._events())}

    def _events(self) -> Iterator[dict[str, Any]]:
        yield {"id": 1, "type": "ExecutionStarted", "timestamp": BEGAN, "executionStartedEventDetails": {}}
        number = 1
        for entry in range(60):
            kinds: list[tuple[str, dict[str, Any]]] = [
                ("TaskStateEntered", {"stateEnteredEventDetails": {"name": f"State {entry}", "input": DATA}})
            ]
            for _ in range(20):
                kinds.append(("TaskScheduled", {"taskScheduledEventDetails": {"parameters": DATA}}))
                kinds.append(("TaskFailed", {"taskFailedEventDetails": {"error": "Broken", "cause": DATA}}))
            kinds.append(
                ("TaskStateExited", {"stateExitedEventDetails": {"name": f"State {entry}", "output": DATA}})
            )
            for kind, details in kinds:
                number += 1
                yield {
                    "id": number,
                    "previousEventId": number - 1,
                    "type": kind,
                    "timestamp": BEGAN + timedelta(seconds=number),
                    **details,
                }


@pytest.fixture(scope="module")
def console() -> Iterator[TestClient]:
    with mock_aws():
        states = boto3.client("stepfunctions", region_name="us-east-1")
        image_tables.create(boto3.client("dynamodb", region_name="us-east-1"))
        outputs = {"ImageTableName": "images", **moto_workflows.create(states)}
        long = LongHistory(states, outputs["ProcessImageArn"])

        def client(service: str, **_: Any) -> Any:
            return long if service == "stepfunctions" else boto3.client(service, region_name="us-east-1")

        stack = Stack("shop", "us-east-1", outputs, client)
        yield TestClient(create_app(stack), base_url="http://127.0.0.1")


@pytest.mark.parametrize(
    "opened", ["", "&visit=2", "&event=3", "&event=41", "&q=key", "&type=TaskFailed&from=1000&visit=2"]
)
def test_the_page_of_a_long_history_is_small(console: TestClient, opened: str) -> None:
    answer = console.get(f"/execution?arn={ARN}{opened}")
    assert answer.status_code == 200
    assert len(answer.content) < 170_000, "with 30 kB for the drawing of ProcessImage"
    assert "left out" in answer.text
