"""An image's executions are found among the newest ones, and each is described once."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import moto_workflows
import pytest
from moto import mock_aws

from imageservice_operator.console import execution_index
from imageservice_operator.console.execution_index import ExecutionIndex
from imageservice_operator.operations.stack import Stack

Start = Callable[..., str]


@pytest.fixture
def calls() -> Counter[str]:
    """How often each operation of Step Functions was called."""
    return Counter()


@pytest.fixture
def stack(calls: Counter[str]) -> Iterator[Stack]:
    with mock_aws():
        client = boto3.client("stepfunctions")
        moto_workflows.count(client, calls)
        yield Stack("shop", "us-east-1", moto_workflows.create(client), lambda _: client)


@pytest.fixture
def start(stack: Stack) -> Start:
    def started(image_id: str, machine: str = "ProcessImage", input: Any = None) -> str:
        answer = stack.client("stepfunctions").start_execution(
            stateMachineArn=stack.machine_arn(machine),
            input=json.dumps(input or moto_workflows.upload(image_id)),
        )
        return str(answer["executionArn"])

    return started


def test_the_executions_of_one_image_are_found_in_both_workflows(stack: Stack, start: Start) -> None:
    mine = {start("a.jpg"), start("a.jpg", "RemoveImage")}
    start("b.jpg")
    start("", input={"started": "by hand"})
    index = ExecutionIndex(stack)
    assert {each.arn for each in index.of_image("a.jpg", {})} == mine
    assert index.of_image("c.jpg", {}) == []


def test_an_ended_execution_is_described_once(stack: Stack, start: Start, calls: Counter[str]) -> None:
    arn = start("a.jpg")
    stack.client("stepfunctions").stop_execution(executionArn=arn)
    index = ExecutionIndex(stack)
    for _ in range(3):
        assert [each.arn for each in index.of_image("a.jpg", {"execution": arn})] == [arn]
    assert (calls["DescribeExecution"], calls["ListExecutions"]) == (1, 2)


def test_a_running_execution_is_described_at_every_look(
    stack: Stack, start: Start, calls: Counter[str]
) -> None:
    start("a.jpg")
    index = ExecutionIndex(stack)
    index.of_image("a.jpg", {})
    index.of_image("a.jpg", {})
    assert calls["DescribeExecution"] == 2


def test_the_latest_execution_is_found_also_when_it_is_no_longer_among_the_newest(
    stack: Stack, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = start("a.jpg")
    monkeypatch.setattr(execution_index, "LOOK_BACK", 0)
    assert [each.arn for each in ExecutionIndex(stack).of_image("a.jpg", {"execution": arn})] == [arn]
    assert ExecutionIndex(stack).of_image("a.jpg", {}) == []


def test_an_execution_that_step_functions_has_forgotten_is_left_out(stack: Stack, start: Start) -> None:
    arn = start("a.jpg")
    gone = f"{arn.rpartition(':')[0]}:gone"
    assert [each.arn for each in ExecutionIndex(stack).of_image("a.jpg", {"execution": gone})] == [arn]


def test_the_index_remembers_no_more_than_its_capacity(
    stack: Stack, start: Start, monkeypatch: pytest.MonkeyPatch, calls: Counter[str]
) -> None:
    monkeypatch.setattr(execution_index, "CAPACITY", 2)
    for number in range(4):
        arn = start(f"{number}.jpg")
        stack.client("stepfunctions").stop_execution(executionArn=arn)
    index = ExecutionIndex(stack)
    for number in range(4):
        assert len(index.of_image(f"{number}.jpg", {})) == 1
    assert calls["DescribeExecution"] > 4
