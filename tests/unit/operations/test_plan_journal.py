"""How far a change of plan has come: read as it was written, by one command at a time, and never taken for another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from imageservice_operator.operations import plan_journal
from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.plan_journal import KEY, Apply
from imageservice_operator.operations.stack import Stack

APPLY = Apply("", "160", "{}", "320", "CANARY", ["é/1", "b"], 12, "2026-11-26T00:00:00.000Z")


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="reports")
        yield Stack("s", "us-east-1", {"ReportBucketName": "reports"}, lambda *_, **__: client)


def test_there_is_none_at_first_and_then_what_was_written(stack: Stack) -> None:
    assert plan_journal.read(stack) is None
    written = plan_journal.write(stack, APPLY)
    assert plan_journal.read(stack) == written == APPLY
    plan_journal.write(stack, written, stage="PAUSED", run="arn")
    assert plan_journal.read(stack) == replace(APPLY, stage="PAUSED", run="arn")


def test_of_two_that_begin_at_once_one_is_refused(stack: Stack) -> None:
    plan_journal.write(stack, APPLY)
    with pytest.raises(OperationFailed, match="Another command"):
        plan_journal.write(stack, APPLY)


def test_of_two_that_go_on_at_once_one_is_refused(stack: Stack) -> None:
    read = plan_journal.write(stack, APPLY)
    plan_journal.write(stack, read, stage="PAUSED")
    with pytest.raises(OperationFailed, match="Another command"):
        plan_journal.write(stack, read, stage="ROLLING_BACK")
    found = plan_journal.read(stack)
    assert found is not None
    assert found.stage == "PAUSED"


def changed(**values: object) -> str:
    return json.dumps({**APPLY.as_json(), **values})


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "{}", "[" * 100_000, '{"stage": "PAUSED", "later": 1}'),
        changed(stage="CHECKING"),
        changed(stage=["PAUSED"]),
        changed(new_text=None),
        changed(new_widths="a,b"),
        changed(canary="abc"),
        changed(canary=["a", None]),
        changed(canary_bytes="12"),
        changed(run=7),
        changed(deployed="no"),
    ],
    ids=lambda content: str(content)[-40:],
)
def test_a_damaged_one_is_an_error_that_names_the_object(stack: Stack, content: str) -> None:
    stack.client("s3").put_object(Bucket="reports", Key=KEY, Body=content)
    with pytest.raises(OperationFailed, match=f"s3://reports/{KEY} is damaged"):
        plan_journal.read(stack)
