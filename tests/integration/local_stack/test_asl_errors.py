"""Errors, retries and time limits of the States Language."""

import json

import pytest
from machines import CAUGHT, Attempts, Machines, single

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
    first, second = attempts.gaps()
    assert ended.status == "SUCCEEDED"
    assert first == pytest.approx(1, abs=0.7)
    assert second == pytest.approx(2, abs=0.7)


def test_max_delay_seconds_caps_the_wait(machines: Machines, attempts: Attempts) -> None:
    retry = [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 1,
            "BackoffRate": 4,
            "MaxAttempts": 3,
            "MaxDelaySeconds": 2,
        }
    ]
    machines.run(single(machines.task({"fail_times": 3, "attempts": attempts.path}, Retry=retry)))
    assert max(attempts.gaps()) < 3


def test_full_jitter_waits_less_than_the_interval(machines: Machines, attempts: Attempts) -> None:
    retry = [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 2,
            "BackoffRate": 1,
            "MaxAttempts": 3,
            "JitterStrategy": "FULL",
        }
    ]
    machines.run(single(machines.task({"fail_times": 3, "attempts": attempts.path}, Retry=retry)))
    assert min(attempts.gaps()) < 1.9


def test_max_attempts_0_means_no_retry(machines: Machines, attempts: Attempts) -> None:
    retry = [
        {"ErrorEquals": ["ThumbError"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 1},
    ]
    ended = machines.run(single(machines.task({"fail_times": 9, "attempts": attempts.path}, Retry=retry)))
    assert (ended.status, attempts.gaps()) == ("FAILED", [])


def test_task_failed_stands_for_any_error_of_a_task(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "C"}]
    ended = machines.run(single(machines.task({"raise": "ValueError"}, Catch=catch), C=CAUGHT))
    assert ended.output["Error"] == "ValueError"


def test_a_task_over_its_time_limit_fails_with_timeout(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "C"}]
    ended = machines.run(single(machines.task({"sleep": 2.5}, TimeoutSeconds=1, Catch=catch), C=CAUGHT))
    assert ended.output["Error"] == "States.Timeout"
    assert ended.seconds < 2.2


def test_a_function_over_its_own_time_limit_is_a_sandbox_timeout(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    ended = machines.run(single(machines.task({"sleep": 6}, Catch=catch), C=CAUGHT))
    assert ended.output["Error"] == "Sandbox.Timedout"


def test_a_function_that_exits_is_a_runtime_exit_error(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    ended = machines.run(single(machines.task({"exit": 7}, Catch=catch), C=CAUGHT))
    assert ended.output["Error"] == "Runtime.ExitError"


def test_an_execution_over_its_time_limit_is_timed_out(machines: Machines) -> None:
    ended = machines.run({"TimeoutSeconds": 1, **single({"Type": "Wait", "Seconds": 4, "End": True})})
    assert ended.status == "TIMED_OUT"
    assert ended.seconds < 3


def test_a_fail_state_computes_error_and_cause(machines: Machines) -> None:
    fail = {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('c {}', $.c)"}
    ended = machines.run(single(fail), {"e": "MyErr", "c": "zz"})
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "MyErr", "c zz")


def test_a_task_token_without_heartbeat_is_a_heartbeat_timeout(machines: Machines) -> None:
    task = machines.task(
        Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
        Parameters={"FunctionName": machines.function, "Payload": {"token.$": "$$.Task.Token"}},
        HeartbeatSeconds=1,
        TimeoutSeconds=6,
        OutputPath="$",
        Catch=[{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "C"}],
    )
    ended = machines.run(single(task, C={"Type": "Pass", "Result": "no heartbeat", "End": True}))
    assert ended.output == "no heartbeat"
    assert ended.seconds < 4


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
