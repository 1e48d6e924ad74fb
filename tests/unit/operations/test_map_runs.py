"""A run's failed originals, as AWS answers: children whose cause is the execution of ProcessImage that failed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber

from imageservice_operator.operations import map_runs
from imageservice_operator.operations.map_runs import FailedItem, MapRun
from imageservice_operator.operations.stack import Stack

BEGAN = datetime(2026, 11, 26, 3, tzinfo=UTC)
EARLIER = BEGAN - timedelta(hours=1)
RUN = "arn:aws:states:us-east-1:123456789012:execution:shop-reprocess-images:run"
MAP_RUN = "arn:aws:states:us-east-1:123456789012:mapRun:shop-reprocess-images/Originals:1"
CHILD = "arn:aws:states:us-east-1:123456789012:execution:shop-reprocess-images/Originals:"
PROCESS = "arn:aws:states:us-east-1:123456789012:execution:ProcessImage:1"
COUNTS = {"pending": 1, "running": 2, "succeeded": 3, "failed": 1, "timedOut": 1, "aborted": 0, "total": 8}


def test_the_newest_run_has_its_progress() -> None:
    client = boto3.client("stepfunctions", region_name="us-east-1")
    with Stubber(client) as stub:
        older = {
            "executionArn": RUN,
            "mapRunArn": "x" * 20,
            "stateMachineArn": RUN,
            "startDate": EARLIER,
        }
        newer = {"executionArn": RUN, "mapRunArn": MAP_RUN, "stateMachineArn": RUN, "startDate": BEGAN}
        for runs, token in (([older], "more"), ([newer], None)):
            answer = {"mapRuns": runs, **({"nextToken": token} if token else {})}
            stub.add_response("list_map_runs", answer)
        described = {
            "mapRunArn": MAP_RUN,
            "executionArn": RUN,
            "status": "RUNNING",
            "startDate": BEGAN,
            "maxConcurrency": 20,
            "toleratedFailurePercentage": 100.0,
            "toleratedFailureCount": 0,
            "itemCounts": {**COUNTS, "resultsWritten": 0},
            "executionCounts": {**COUNTS, "resultsWritten": 0},
        }
        stub.add_response("describe_map_run", described, {"mapRunArn": MAP_RUN})
        run = map_runs.latest(Stack("shop", "us-east-1", {}, lambda _: client), RUN)
    assert run is not None
    assert (run.total, run.done, run.failed) == (8, 5, 2)


@pytest.mark.parametrize(
    ("error", "cause", "expected"),
    [
        (
            "States.TaskFailed",
            json.dumps({"ExecutionArn": PROCESS, "Error": "CacheUnavailable", "Cause": "Redis is gone"}),
            FailedItem("a/1.jpg", "CacheUnavailable", "Redis is gone", PROCESS),
        ),
        ("Sandbox.Timedout", "not JSON", FailedItem("a/1.jpg", "Sandbox.Timedout", "not JSON", f"{CHILD}0")),
    ],
    ids=["its execution failed", "it failed before it started one"],
)
def test_a_failed_original_leads_to_the_execution_that_failed(
    error: str, cause: str, expected: FailedItem
) -> None:
    client = boto3.client("stepfunctions", region_name="us-east-1")
    child = {
        "executionArn": f"{CHILD}0",
        "stateMachineArn": RUN,
        "name": "0",
        "status": "FAILED",
        "startDate": BEGAN,
    }
    with Stubber(client) as stub:
        listed = {"executions": [child], "nextToken": "more"}
        stub.add_response("list_executions", listed, {"mapRunArn": MAP_RUN, "statusFilter": "FAILED"})
        described = {**child, "input": json.dumps({"key": "a/1.jpg"}), "error": error, "cause": cause}
        stub.add_response("describe_execution", described, {"executionArn": f"{CHILD}0"})
        run = MapRun(MAP_RUN, RUN, "RUNNING", BEGAN, None, COUNTS)
        items = map_runs.failed_items(Stack("shop", "us-east-1", {}, lambda _: client), run, limit=1)
    assert items == [expected]
