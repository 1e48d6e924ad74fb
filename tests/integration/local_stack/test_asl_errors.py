"""Errors, retries and time limits of the States Language."""

import json
from pathlib import Path

from machines import CAUGHT, TASK_PACKAGE, Attempts, Machines, single

from imageservice_operator.operations.stack import Stack


def test_a_lambda_task_gives_its_payload(machines: Machines) -> None:
    ended = machines.run(single(machines.task({"a": 1})))
    assert (ended.status, ended.output["ok"], ended.output["in"]) == ("SUCCEEDED", True, {"a": 1})


def test_a_python_exceptions_class_is_the_error_name(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["ThumbError"], "ResultPath": "$.error", "Next": "C"}]
    ended = machines.run(single(machines.task({"raise": "ThumbError"}, Catch=catch), C=CAUGHT))
    assert ended.output["error"]["Error"] == "ThumbError"


def test_the_cause_of_a_python_exception_is_json_with_message_type_and_trace(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    ended = machines.run(single(machines.task({"raise": "ThumbError"}, Catch=catch), C=CAUGHT))
    cause = json.loads(ended.output["Cause"])
    assert cause["errorMessage"] == "boom None"
    assert set(cause) >= {"errorMessage", "errorType", "stackTrace"}


def test_retries_wait_longer_each_time(machines: Machines, attempts: Attempts) -> None:
    retry = [{"ErrorEquals": ["ThumbError"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 2}]
    ended = machines.run(single(machines.task({"fail_times": 2, "attempts": attempts.path}, Retry=retry)))
    first, second = machines.waits(ended.arn)
    assert ended.status == "SUCCEEDED"
    assert first >= 1
    assert second >= 2


def test_max_delay_seconds_caps_the_wait(machines: Machines, attempts: Attempts) -> None:
    # Without the cap the second wait is so long that this test would not see the end of it.
    retry = [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 1,
            "BackoffRate": 1000,
            "MaxAttempts": 2,
            "MaxDelaySeconds": 2,
        }
    ]
    ended = machines.run(single(machines.task({"fail_times": 2, "attempts": attempts.path}, Retry=retry)))
    assert machines.waits(ended.arn)[1] >= 2


def test_full_jitter_waits_less_than_the_interval(machines: Machines, attempts: Attempts) -> None:
    # At random between nothing and the interval: five waits, of which the shortest is far below it.
    retry = [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 2,
            "BackoffRate": 1,
            "MaxAttempts": 5,
            "JitterStrategy": "FULL",
        }
    ]
    ended = machines.run(single(machines.task({"fail_times": 5, "attempts": attempts.path}, Retry=retry)))
    assert min(machines.waits(ended.arn)) < 2


def test_max_attempts_0_means_no_retry(machines: Machines, attempts: Attempts) -> None:
    retry = [
        {"ErrorEquals": ["ThumbError"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 1},
    ]
    ended = machines.run(single(machines.task({"fail_times": 9, "attempts": attempts.path}, Retry=retry)))
    assert (ended.status, attempts.count()) == ("FAILED", 1)


def test_task_failed_stands_for_any_error_of_a_task(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "C"}]
    ended = machines.run(single(machines.task({"raise": "ValueError"}, Catch=catch), C=CAUGHT))
    assert ended.output["Error"] == "ValueError"


def test_a_task_over_its_time_limit_fails_with_timeout(machines: Machines, tmp_path: Path) -> None:
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "C"}]
    gate = tmp_path / "gate"
    task = machines.task({"wait_for": str(gate)}, TimeoutSeconds=1, Catch=catch)
    ended = machines.run(single(task, C=CAUGHT))
    gate.touch()  # lets the function go, which the task no longer waits for
    assert ended.output["Error"] == "States.Timeout"


def test_a_function_over_its_own_time_limit_is_a_sandbox_timeout(machines: Machines, tmp_path: Path) -> None:
    functions, name = machines.stack.client("lambda"), "impatient"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=machines.role,
        Handler="task.handler",
        Code={"ZipFile": TASK_PACKAGE},
        Timeout=1,
    )
    task = machines.task(
        Parameters={"FunctionName": name, "Payload": {"wait_for": str(tmp_path / "gate")}},
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "C"}],
    )
    assert machines.run(single(task, C=CAUGHT)).output["Error"] == "Sandbox.Timedout"


def test_a_function_that_exits_is_a_runtime_exit_error(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    ended = machines.run(single(machines.task({"exit": 7}, Catch=catch), C=CAUGHT))
    assert ended.output["Error"] == "Runtime.ExitError"


def test_an_execution_over_its_time_limit_is_timed_out(machines: Machines) -> None:
    ended = machines.run({"TimeoutSeconds": 1, **single({"Type": "Wait", "Seconds": 900, "End": True})})
    assert ended.status == "TIMED_OUT"


def test_a_fail_state_computes_error_and_cause(machines: Machines) -> None:
    fail = {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('c {}', $.c)"}
    ended = machines.run(single(fail), {"e": "MyErr", "c": "zz"})
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "MyErr", "c zz")


def test_a_task_token_without_heartbeat_is_a_heartbeat_timeout(machines: Machines) -> None:
    task = machines.task(
        Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
        Parameters={"FunctionName": machines.function, "Payload": {"token.$": "$$.Task.Token"}},
        HeartbeatSeconds=1,
        TimeoutSeconds=900,
        OutputPath="$",
        Catch=[{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "C"}],
    )
    ended = machines.run(single(task, C={"Type": "Pass", "Result": "no heartbeat", "End": True}))
    assert ended.output == "no heartbeat"


def test_more_than_256_kib_between_states_fails(machines: Machines) -> None:
    doubled = {"Type": "Pass", "Parameters": {"a.$": "$.b", "c.$": "$.b"}, "End": True}
    ended = machines.run(single(doubled), {"b": "x" * 200_000})
    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


def test_a_throttled_function_is_a_too_many_requests_exception(machines: Machines, stack: Stack) -> None:
    functions = stack.client("lambda")
    code = functions.get_function(FunctionName=stack.outputs["EchoArn"])["Configuration"]
    throttled = functions.create_function(
        FunctionName="throttled",
        Runtime="python3.13",
        Role=code["Role"],
        Handler="echo.handler.handler",
        Code={"S3Bucket": "local-artifacts", "S3Key": "EchoFunction.zip"},
    )["FunctionArn"]
    functions.put_function_concurrency(FunctionName=throttled, ReservedConcurrentExecutions=0)
    task = machines.task({}, Parameters={"FunctionName": throttled, "Payload": {}})
    assert machines.run(single(task)).error == "Lambda.TooManyRequestsException"
