"""Executions as Step Functions' API shows them: names, history, stopping, redriving, listing, events."""

import json
from pathlib import Path

import botocore.exceptions
import pytest
from botocore.config import Config
from machines import Attempts, Machines, single
from waiting import until

from imageservice_operator.operations.stack import Stack


def test_a_name_is_taken_once(machines: Machines) -> None:
    arn = machines.create(single({"Type": "Pass", "End": True}))
    machines.wait(
        machines.states.start_execution(stateMachineArn=arn, name="same", input='{"a": 1}')["executionArn"]
    )
    with pytest.raises(machines.states.exceptions.ExecutionAlreadyExists):
        machines.states.start_execution(stateMachineArn=arn, name="same", input='{"a": 2}')


def test_a_stopped_execution_is_aborted_at_once(machines: Machines) -> None:
    execution = machines.start(single({"Type": "Wait", "Seconds": 900, "End": True}))
    machines.wait_for_event(execution, "WaitStateEntered")
    machines.states.stop_execution(executionArn=execution, error="E", cause="why")
    ended = machines.wait(execution)
    assert (ended.status, ended.error, ended.cause) == ("ABORTED", "E", "why")
    assert machines.event_types(execution)[-1] == "ExecutionAborted"


def test_executions_are_listed_by_status(machines: Machines) -> None:
    rule = {"Variable": "$.f", "BooleanEquals": True, "Next": "F"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "S"}
    arn = machines.create(single(choice, F={"Type": "Fail", "Error": "E"}, S={"Type": "Succeed"}))
    failed, succeeded = (
        machines.states.start_execution(stateMachineArn=arn, input=json.dumps({"f": fails}))["executionArn"]
        for fails in (True, False)
    )
    machines.wait(failed)
    machines.wait(succeeded)
    listed = machines.states.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"]
    assert [item["executionArn"] for item in listed] == [failed]


def test_a_failed_execution_says_that_it_can_be_redriven(machines: Machines) -> None:
    described = machines.run(single({"Type": "Fail", "Error": "E"})).described
    assert (described["redriveStatus"], described["redriveCount"]) == ("REDRIVABLE", 0)


def test_status_changes_are_announced_with_input_error_and_cause(machines: Machines, stack: Stack) -> None:
    events, sqs = stack.client("events"), stack.client("sqs")
    queue = sqs.create_queue(QueueName="status-changes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    machine = machines.create(single({"Type": "Fail", "Error": "E", "Cause": "C"}))
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}
    events.put_rule(Name="status-changes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="status-changes", Targets=[{"Id": "1", "Arn": arn}])
    machines.wait(machines.states.start_execution(stateMachineArn=machine, input='{"a": 1}')["executionArn"])
    details = {}

    def both() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            details[detail["status"]] = detail
        return len(details) == 2

    until(both, "two status changes")
    assert set(details) == {"RUNNING", "FAILED"}
    failed = details["FAILED"]
    assert (failed["input"], failed["error"], failed["cause"]) == ('{"a": 1}', "E", "C")
    assert (failed["redriveCount"], failed["redriveStatus"]) == (0, "REDRIVABLE")


def test_a_single_state_can_be_tested(machines: Machines, stack: Stack) -> None:
    definition = {"Type": "Pass", "Parameters": {"x.$": "$.a"}, "End": True}
    states = stack.client("stepfunctions", config=Config(inject_host_prefix=False))
    tested = states.test_state(
        definition=json.dumps(definition), roleArn=machines.role, input='{"a": 5}', inspectionLevel="DEBUG"
    )
    assert (tested["status"], json.loads(tested["output"])) == ("SUCCEEDED", {"x": 5})


def test_validation_names_states_that_are_not_there(machines: Machines) -> None:
    definition = {"StartAt": "NOPE", "States": {"A": {"Type": "Pass", "Next": "GONE"}}}
    result = machines.states.validate_state_machine_definition(definition=json.dumps(definition))
    assert result["result"] == "FAIL"
    assert "GONE" in result["diagnostics"][0]["message"]


def test_a_bad_definition_makes_no_state_machine(machines: Machines) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidDefinition"):
        machines.create(single({"Type": "Task", "Next": "GONE", "Bogus": 1}))


def test_the_history_of_a_retried_task_reads_like_awss(machines: Machines) -> None:
    retry = [{"ErrorEquals": ["ThumbError"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    ended = machines.run(single(machines.task({"raise": "ThumbError"}, Retry=retry)))
    attempt = ["TaskScheduled", "TaskStarted", "TaskFailed"]
    assert machines.event_types(ended.arn) == [
        "ExecutionStarted",
        "TaskStateEntered",
        *attempt,
        *attempt,
        "ExecutionFailed",
    ]


def test_the_history_of_a_function_arn_has_lambda_events(machines: Machines) -> None:
    ended = machines.run(single({"Type": "Task", "Resource": machines.function, "End": True}))
    assert machines.event_types(ended.arn) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_the_history_of_a_map_has_its_iterations(machines: Machines) -> None:
    inner = {"StartAt": "X", "States": {"X": {"Type": "Pass", "End": True}}}
    ended = machines.run(
        single({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}), {"items": [1]}
    )
    assert machines.event_types(ended.arn) == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapIterationStarted",
        "PassStateEntered",
        "PassStateExited",
        "MapIterationSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]


def test_the_history_comes_in_pages_and_backwards(machines: Machines) -> None:
    ended = machines.run(single({"Type": "Pass", "End": True}))
    page = machines.states.get_execution_history(executionArn=ended.arn, maxResults=2)
    backwards = machines.states.get_execution_history(executionArn=ended.arn, reverseOrder=True)
    assert len(page["events"]) == 2
    assert "nextToken" in page
    assert backwards["events"][0]["type"] == "ExecutionSucceeded"


def test_nothing_follows_the_end_in_a_history(machines: Machines, tmp_path: Path) -> None:
    # The second item is held until the first has failed the execution, and then finishes.
    gate, left, met = tmp_path / "gate", tmp_path / "left", tmp_path / "met"
    met.mkdir()
    both = {"meet": {"folder": str(met), "calls": 2}}
    inner = {"StartAt": "X", "States": {"X": machines.task()}}
    items = [{**both, "raise": "ThumbError"}, {**both, "wait_for": str(gate), "leave": str(left)}]
    ended = machines.run(
        single({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}), {"items": items}
    )
    gate.touch()
    until(left.exists, "the second item")
    machines.run(single(machines.task({})))  # by now the answer of the second item has arrived
    types = machines.event_types(ended.arn)
    assert types[-1] == "ExecutionFailed"
    assert "MapIterationAborted" in types


def test_an_express_execution_answers_synchronously(machines: Machines, stack: Stack) -> None:
    arn = machines.create(single({"Type": "Pass", "Result": 3, "End": True}), kind="EXPRESS")
    express = stack.client("stepfunctions", config=Config(inject_host_prefix=False))
    assert express.start_sync_execution(stateMachineArn=arn)["output"] == "3"


def test_executions_beyond_those_that_may_run_at_once_wait_for_their_turn(machines: Machines) -> None:
    """Sixty that wait for an hour: fifty enter their state, the others can be stopped, and then start in turn."""
    machine = machines.create(single({"Type": "Wait", "Seconds": 3600, "End": True}))
    started = [machines.states.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(60)]

    def entered() -> list[str]:
        return [each for each in started if "WaitStateEntered" in machines.event_types(each)]

    until(lambda: len(entered()) == 50, "fifty executions")
    waiting = set(started) - set(entered())
    first, *others = sorted(waiting)
    machines.states.stop_execution(executionArn=first)
    assert machines.event_types(first) == ["ExecutionStarted", "ExecutionAborted"]
    for each in entered():
        machines.states.stop_execution(executionArn=each)
    until(lambda: set(others) <= set(entered()), "those that waited")
    for each in others:
        machines.states.stop_execution(executionArn=each)
    assert {machines.wait(each).status for each in started} == {"ABORTED"}


def test_an_execution_that_waits_for_another_leaves_it_its_turn(machines: Machines) -> None:
    """Sixty parents at once, more than may run, each with a child that it waits for."""
    child = machines.create(single({"Type": "Pass", "End": True}))
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child},
        "End": True,
    }
    parent = machines.create(single(task))
    started = [machines.states.start_execution(stateMachineArn=parent)["executionArn"] for _ in range(60)]
    assert {machines.wait(each).status for each in started} == {"SUCCEEDED"}


def test_a_redrive_that_is_stopped_before_its_turn_can_be_redriven(
    machines: Machines, attempts: Attempts
) -> None:
    states = machines.states
    failed = machines.run(single(machines.task({"fail_times": 1, "attempts": attempts.path}))).arn
    machine = machines.create(single({"Type": "Wait", "Seconds": 3600, "End": True}))
    busy = [states.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(50)]
    for each in busy:
        machines.wait_for_event(each, "WaitStateEntered")
    states.redrive_execution(executionArn=failed)
    states.stop_execution(executionArn=failed)
    for each in busy:
        states.stop_execution(executionArn=each)
    until(lambda: states.describe_execution(executionArn=failed)["status"] == "ABORTED", "the stop")
    machines.run(single({"Type": "Pass", "End": True}))  # its turn comes after that of the stopped redrive
    states.redrive_execution(executionArn=failed)
    assert machines.wait(failed).status == "SUCCEEDED"
    assert attempts.count() == 2
