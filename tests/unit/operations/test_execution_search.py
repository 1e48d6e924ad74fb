"""Executions are found by what a listing says of them, and by their error; and a search ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import boto3
import moto_workflows
import pytest
from moto import mock_aws

from imageservice_operator.operations import execution_search, executions
from imageservice_operator.operations.errors import BadRequest, ExecutionNotFound
from imageservice_operator.operations.execution_search import Query
from imageservice_operator.operations.executions import Listed
from imageservice_operator.operations.stack import Stack

Start = Callable[..., str]
NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)


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
    def started(machine: str = "ProcessImage", error: str = "") -> str:
        client = stack.client("stepfunctions")
        answer = client.start_execution(stateMachineArn=stack.machine_arn(machine), input=json.dumps({}))
        if error:
            client.stop_execution(executionArn=answer["executionArn"], error=error)
        return answer["executionArn"]

    return started


def arns(stack: Stack, query: Query, limit: int = 100) -> list[str]:
    return [each.arn for each in execution_search.found(stack, query, limit).executions]


def test_executions_of_all_workflows_come_newest_first(stack: Stack, start: Start) -> None:
    started = [start(), start("RemoveImage"), start()]
    assert arns(stack, Query()) == started[::-1]
    assert arns(stack, Query(machines=("RemoveImage",))) == [started[1]]


def test_a_stack_without_a_workflow_leaves_it_out(stack: Stack) -> None:
    assert execution_search.machines(stack) == ["ProcessImage", "RemoveImage"]
    assert arns(stack, Query(machines=("PurgeCdn",))) == []


def test_executions_are_found_by_status_and_error(stack: Stack, start: Start) -> None:
    running, stopped, other = start(), start(error="Stopped"), start("RemoveImage", error="Stopped")
    assert arns(stack, Query(statuses=("RUNNING",))) == [running]
    assert arns(stack, Query(statuses=("ABORTED",))) == [other, stopped]
    failure = executions.describe(stack, stopped).failure
    assert failure is not None
    name = failure["name"]  # the one for its status: moto drops the error of StopExecution
    assert arns(stack, Query(error=name)) == [other, stopped]
    assert arns(stack, Query(error=name, machines=("ProcessImage",))) == [stopped]
    assert arns(stack, Query(error=name, statuses=("RUNNING",))) == []
    assert arns(stack, Query(error="Unheard")) == []


def test_a_page_says_whether_there_are_more(stack: Stack, start: Start) -> None:
    started = [start() for _ in range(3)]
    page = execution_search.found(stack, Query(), 2)
    assert ([each.arn for each in page.executions], page.complete) == (started[:0:-1], False)
    assert execution_search.found(stack, Query(), 3).complete


def test_only_what_is_shown_is_described(stack: Stack, start: Start, calls: Counter[str]) -> None:
    for _ in range(120):
        start()
    calls.clear()
    assert len(arns(stack, Query(), 5)) == 5
    assert calls == {"DescribeExecution": 5, "ListExecutions": 2}


def test_a_search_for_an_error_that_none_has_ends(
    stack: Stack, start: Start, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(100):
        start(error="Stopped")
    calls.clear()
    monkeypatch.setattr(execution_search, "DESCRIBED", 40)
    page = execution_search.found(stack, Query(error="Unheard"), 10)
    assert (page.executions, page.looked_at, page.complete) == ([], 40, False)
    assert calls["DescribeExecution"] == 40


def test_counting_describes_none(stack: Stack, start: Start, calls: Counter[str]) -> None:
    start()
    start(error="Stopped")
    start("RemoveImage")
    counted = execution_search.counts(execution_search.listed(stack, Query()))
    assert counted == {"ProcessImage": {"RUNNING": 1, "ABORTED": 1}, "RemoveImage": {"RUNNING": 1}}
    assert calls["DescribeExecution"] == 0


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        (Query(since=NOW - timedelta(seconds=90)), True),
        (Query(since=NOW - timedelta(seconds=89)), False),
        (Query(until=NOW - timedelta(seconds=90)), True),
        (Query(until=NOW - timedelta(seconds=91)), False),
        (Query(at_least=30), True),
        (Query(at_least=31), False),
        (Query(statuses=("FAILED", "TIMED_OUT")), True),
        (Query(machines=("RemoveImage",)), False),
    ],
)
def test_time_and_duration_are_compared_with_both_ends_included(query: Query, fits: bool) -> None:
    began = NOW - timedelta(seconds=90)
    one = Listed("arn", "name", "ProcessImage", "FAILED", began, began + timedelta(seconds=30), 0)
    assert query.matches(one, NOW) is fits


def test_a_running_execution_lasts_until_now() -> None:
    one = Listed("arn", "name", "ProcessImage", "RUNNING", NOW - timedelta(seconds=90), None, 0)
    assert Query(at_least=90).matches(one, NOW)
    assert not Query(at_least=91).matches(one, NOW)


@pytest.mark.parametrize("names", [{"machines": ("Nothing",)}, {"statuses": ("READY",)}])
def test_an_unknown_name_is_refused_with_the_known_ones(names: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(BadRequest, match=r"ProcessImage|RUNNING"):
        Query(**names)


def test_stopping_twice_says_that_it_had_ended(stack: Stack, start: Start) -> None:
    arn = start()
    assert executions.stop(stack, arn)
    assert not executions.stop(stack, arn)
    assert executions.describe(stack, arn).status == "ABORTED"
    with pytest.raises(ExecutionNotFound):
        executions.stop(stack, f"{arn.rpartition(':')[0]}:gone")
