"""An image's executions are found from one to the one before it, and never more than were asked for."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from imageservice_operator.operations import image_history
from imageservice_operator.operations.stack import Stack

ARN = "arn:aws:states:us-east-1:123456789012:execution:ProcessImage:"


def stack_that_answers(*tasks: dict[str, Any], error: str = "") -> Stack:
    client = boto3.client("stepfunctions", region_name="us-east-1")
    stub = Stubber(client)
    if error:
        stub.add_client_error("get_execution_history", error)
    else:
        events = [
            {"id": number, "type": "TaskSucceeded", "timestamp": 0, "taskSucceededEventDetails": task}
            for number, task in enumerate(tasks, 1)
        ]
        stub.add_response("get_execution_history", {"events": events})
    stub.activate()
    return Stack("shop", "us-east-1", {}, lambda _: client)


def written(**item: str) -> dict[str, Any]:
    answer = {"Attributes": {name: {"S": value} for name, value in item.items()}}
    return {"resourceType": "dynamodb", "resource": "updateItem", "output": json.dumps(answer)}


def test_the_item_names_the_latest_execution_and_the_one_before_it() -> None:
    item = {"execution": "b", "previous_execution": "a", "error": {"name": "x", "execution": "c"}}
    assert image_history.of_item(item) == ["c", "b", "a"]
    assert image_history.of_item({"execution": "a", "previous_execution": ""}) == ["a"]
    assert image_history.of_item({}) == []


def test_a_claim_names_the_executions_before_it() -> None:
    stack = stack_that_answers(written(execution="b", previous_execution="a"))
    assert image_history.before(stack, "c") == ["b", "a"]


def test_a_claim_that_was_tried_twice_names_the_one_before_both_tries() -> None:
    """The answer of the first try was lost, so the second one finds its own execution in the item."""
    stack = stack_that_answers(written(execution="b", previous_execution="a"))
    assert image_history.before(stack, "b") == ["a"]


@pytest.mark.parametrize(
    "tasks",
    [
        [],
        [{"resourceType": "dynamodb", "resource": "updateItem", "output": "{}"}],
        [{"resourceType": "dynamodb", "resource": "updateItem", "output": '{"Attributes": '}],
        [{"resourceType": "dynamodb", "resource": "updateItem"}],
        [{"resourceType": "lambda", "resource": "invoke", "output": json.dumps({"execution": "x"})}],
    ],
    ids=["no claim yet", "a first upload", "cut off", "left out", "another task"],
)
def test_a_history_without_a_predecessor_names_none(tasks: list[dict[str, Any]]) -> None:
    assert image_history.before(stack_that_answers(*tasks), ARN + "a") == []


def test_an_execution_that_step_functions_has_forgotten_ends_the_walk() -> None:
    stack = stack_that_answers(error="ExecutionDoesNotExist")
    assert image_history.before(stack, ARN + "a") == []


def test_a_chain_takes_only_as_many_calls_as_it_needs() -> None:
    asked = []

    def before(arn: str) -> list[str]:
        asked.append(arn)
        return [str(int(arn) - 1)]

    assert image_history.chain(before, ["1000"], 4) == ["1000", "999", "998", "997"]
    assert asked == ["1000", "999", "998"]


def test_a_chain_that_leads_back_to_itself_ends() -> None:
    links = {"c": ["b", "a"], "b": ["a", "c"], "a": ["c"]}
    assert image_history.chain(links.__getitem__, ["c"], 100) == ["c", "b", "a"]
