"""RedriveExecution: what runs again, and which results stay."""

from pathlib import Path

import botocore.exceptions
import pytest
from machines import Attempts, Ended, Machines, single


def redriven(machines: Machines, execution: str) -> Ended:
    machines.states.redrive_execution(executionArn=execution)
    return machines.wait(execution)


def test_a_redrive_enters_only_the_state_that_failed(machines: Machines, attempts: Attempts) -> None:
    first = {"Type": "Pass", "Result": {"fail_times": 1, "attempts": attempts.path}, "Next": "B"}
    failed = machines.run(single(first, B=machines.task()))
    ended = redriven(machines, failed.arn)
    types = machines.event_types(failed.arn)
    assert (failed.status, ended.status) == ("FAILED", "SUCCEEDED")
    assert types.count("PassStateEntered") == 1
    assert types.count("TaskStateEntered") == 1
    assert types.index("ExecutionFailed") < types.index("ExecutionRedriven")


def test_a_redrive_counts_and_keeps_the_arn_and_the_start(machines: Machines, attempts: Attempts) -> None:
    task = {"fail_times": 2, "attempts": attempts.path}
    failed = machines.run(single(machines.task(task)))
    redriven(machines, failed.arn)
    described = redriven(machines, failed.arn).described
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 2)
    assert described["startDate"] == failed.described["startDate"]
    assert "error" not in described


def test_a_redrive_goes_on_with_the_variables_of_the_states_before(
    machines: Machines, attempts: Attempts
) -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"v": "{% 'kept' %}"}, "Next": "B"},
        "B": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {
                "FunctionName": machines.function,
                "Payload": {"fail_times": 1, "attempts": attempts.path, "v": "{% $v %}"},
            },
            "Output": "{% $states.result.Payload.in.v & ' ' & $string($states.context.Execution.RedriveCount) %}",
            "End": True,
        },
    }
    failed = machines.run({"QueryLanguage": "JSONata", "StartAt": "A", "States": states})
    assert redriven(machines, failed.arn).output == "kept 1"


def test_a_redriven_map_keeps_the_iterations_that_succeeded(machines: Machines, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    items = [
        {"attempts": str(tmp_path / "0")},
        {"attempts": str(tmp_path / "1"), "fail_times": 1, "wait_for": str(gate)},
    ]
    inner = {"StartAt": "X", "States": {"X": machines.task()}}
    execution = machines.start(
        single({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}), {"items": items}
    )
    machines.wait_for_event(execution, "MapIterationSucceeded")
    gate.touch()
    failed = machines.wait(execution)
    ended = redriven(machines, failed.arn)
    calls = [len((tmp_path / name).read_text().splitlines()) for name in ("0", "1")]
    assert ([answer["ok"] for answer in ended.output], calls) == ([True, True], [1, 2])


def test_a_redriven_distributed_map_runs_only_the_items_that_failed(
    machines: Machines, tmp_path: Path
) -> None:
    items = [{"attempts": str(tmp_path / "0")}, {"attempts": str(tmp_path / "1"), "fail_times": 1}]
    inner = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "X",
        "States": {"X": machines.task()},
    }
    failed = machines.run(
        single({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}), {"items": items}
    )
    ended = redriven(machines, failed.arn)
    calls = [len((tmp_path / name).read_text().splitlines()) for name in ("0", "1")]
    assert (ended.status, calls) == ("SUCCEEDED", [1, 2])


def test_a_redriven_parallel_keeps_the_branches_that_succeeded(machines: Machines, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    payloads = [
        {"attempts": str(tmp_path / "0")},
        {"attempts": str(tmp_path / "1"), "fail_times": 1, "wait_for": str(gate)},
    ]
    branches = [{"StartAt": "X", "States": {"X": machines.task(payload)}} for payload in payloads]
    execution = machines.start(single({"Type": "Parallel", "Branches": branches, "End": True}))
    machines.wait_for_event(execution, "TaskStateExited")
    gate.touch()
    failed = machines.wait(execution)
    ended = redriven(machines, failed.arn)
    calls = [len((tmp_path / name).read_text().splitlines()) for name in ("0", "1")]
    assert ([answer["ok"] for answer in ended.output], calls) == ([True, True], [1, 2])


def test_a_redrive_of_a_fail_state_fails_again(machines: Machines) -> None:
    failed = machines.run(single({"Type": "Fail", "Error": "E"}))
    ended = redriven(machines, failed.arn)
    assert (ended.status, ended.error) == ("FAILED", "E")


def test_an_aborted_execution_can_be_redriven(machines: Machines, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    execution = machines.start(single(machines.task({"wait_for": str(gate)})))
    machines.wait_for_event(execution, "TaskStarted")
    machines.states.stop_execution(executionArn=execution)
    gate.touch()
    assert redriven(machines, execution).status == "SUCCEEDED"


def test_a_succeeded_execution_can_not_be_redriven(machines: Machines) -> None:
    ended = machines.run(single({"Type": "Pass", "End": True}))
    assert ended.described["redriveStatus"] == "NOT_REDRIVABLE"
    with pytest.raises(botocore.exceptions.ClientError, match="ExecutionNotRedrivable"):
        machines.states.redrive_execution(executionArn=ended.arn)


def test_executions_are_listed_by_whether_they_were_redriven(machines: Machines, attempts: Attempts) -> None:
    definition = single(machines.task({"fail_times": 1, "attempts": attempts.path}))
    failed = machines.run(definition)
    arn = failed.described["stateMachineArn"]

    def listed(redrive_filter: str) -> list[str]:
        answer = machines.states.list_executions(stateMachineArn=arn, redriveFilter=redrive_filter)
        return [item["executionArn"] for item in answer["executions"]]

    assert (listed("REDRIVEN"), listed("NOT_REDRIVEN")) == ([], [failed.arn])
    redriven(machines, failed.arn)
    assert (listed("REDRIVEN"), listed("NOT_REDRIVEN")) == ([failed.arn], [])
