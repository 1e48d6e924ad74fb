"""Functions: what they see, how they fail, how fast they are, how many run."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from imageservice_operator.operations.stack import Stack
from local import background

SAMPLE = Path(__file__).parent / "sample" / "template.yaml"

Echo = Callable[..., Any]


@pytest.fixture(scope="module")
def echo(stack: Stack) -> Echo:
    return invoker(stack)


def invoker(stack: Stack) -> Echo:
    client = stack.client("lambda", config=Config(read_timeout=120, retries={"total_max_attempts": 1}))

    def invoke(**event: Any) -> Any:
        answer = client.invoke(FunctionName=stack.outputs["EchoArn"], Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    return invoke


def test_the_environment_is_lambdas_and_the_functions_own_and_nothing_else(echo: Echo, stack: Stack) -> None:
    environment = echo()["environment"]
    assert environment["REDIS_URL"] == stack.redis_url
    assert environment["AWS_ENDPOINT_URL"] == stack.endpoint_url
    assert environment["MALLOC_TRIM_THRESHOLD_"] == "100000"
    assert (environment["HOME"], environment["TZ"], environment["GREETING"]) == ("/tmp", ":UTC", "hello")
    others = {
        name
        for name in environment
        if not name.startswith(("AWS_", "LAMBDA_", "_")) and name not in ("GREETING", "REDIS_URL")
    }
    assert others <= {"PATH", "HOME", "TZ", "LANG", "LC_CTYPE", "PYTHONPATH", "MALLOC_TRIM_THRESHOLD_"}


def test_the_package_of_a_makefile_built_function_is_the_shared_package_and_its_own_folder(
    echo: Echo,
) -> None:
    assert [name for name in echo()["folders"] if name != "__pycache__"] == ["echo", "imageservice"]


def test_nothing_of_the_local_stack_is_importable_in_a_function(echo: Echo) -> None:
    assert not [entry for entry in echo()["path"] if "scripts" in entry or ".venv/local" in entry]


def test_a_warm_invocation_takes_less_than_5_ms(echo: Echo) -> None:
    echo()
    durations = []
    for _ in range(100):
        begun = time.perf_counter()
        echo()
        durations.append(time.perf_counter() - begun)
    # Through HTTP and boto3, whose own share is some 3 ms; the quickest tenth shows what the stack costs.
    assert statistics.quantiles(durations, n=10)[0] < 0.005


def test_a_worker_is_used_again(echo: Echo) -> None:
    assert echo()["pid"] == echo()["pid"]


def test_an_exception_keeps_its_class_message_and_trace(echo: Echo) -> None:
    answer = echo(reject="too large")
    assert (answer["errorType"], answer["errorMessage"]) == ("ImageRejected", "too large")
    assert "echo/handler.py" in answer["stackTrace"][0]


def test_an_overrun_function_is_killed_and_the_next_invocation_gets_a_new_worker(echo: Echo) -> None:
    before = echo()["pid"]
    answer = echo(sleep=5)
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 3.00 seconds")
    assert echo()["pid"] != before
    assert not Path(f"/proc/{before}").exists()


def test_a_function_that_exits_is_reported_with_its_status(echo: Echo) -> None:
    answer = echo(exit=7)
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("exit status 7")


def test_a_function_runs_as_its_role(echo: Echo, stack: Stack) -> None:
    allowed = echo(call=["s3", "list_objects_v2", {"Bucket": stack.outputs["BucketName"]}])
    denied = echo(call=["dynamodb", "scan", {"TableName": stack.outputs["TableName"]}])
    assert allowed["status"] == 200
    assert (denied["errorType"], "AccessDenied" in denied["errorMessage"]) == ("ClientError", True)


def test_what_a_function_prints_is_in_its_log_group(echo: Echo, stack: Stack) -> None:
    echo(print="a line of its own")
    name = stack.outputs["EchoArn"].rsplit(":", 1)[1]
    found = stack.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{name}", filterPattern='"a line of its own"'
    )
    assert len(found["events"]) == 1


def test_invocations_that_print_all_answer_and_every_line_is_logged(echo: Echo, stack: Stack) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: echo(print=f"burst {number}"), range(600)))
    name = stack.outputs["EchoArn"].rsplit(":", 1)[1]
    pages = stack.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=f"/aws/lambda/{name}", filterPattern="burst")
    assert {answer.get("errorType") for answer in answers} == {None}
    assert sum(len(page["events"]) for page in found) == 600


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with two worker processes at most."""
    with background.started(
        tmp_path_factory.mktemp("small"), f"--template={SAMPLE}", "--max-workers=2"
    ) as running:
        yield running


def test_invocations_run_at_once_up_to_the_cap_and_the_rest_wait(small: Stack) -> None:
    invoke = invoker(small)
    begun = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: invoke(sleep=0.5, number=number), range(6)))
    assert len({answer["pid"] for answer in answers}) == 2
    assert time.monotonic() - begun >= 1.5


def test_a_busy_function_leaves_room_for_another(small: Stack) -> None:
    other = small.client("lambda")
    code = other.get_function(FunctionName=small.outputs["EchoArn"])["Configuration"]
    made = other.create_function(
        FunctionName="other",
        Runtime="python3.13",
        Role=code["Role"],
        Handler="echo.handler.handler",
        Code={"S3Bucket": "local-artifacts", "S3Key": "EchoFunction.zip"},
    )
    invoke = invoker(small)
    with ThreadPoolExecutor(20) as pool:
        busy = [pool.submit(invoke, sleep=0.4) for _ in range(20)]
        time.sleep(0.3)
        begun = time.monotonic()
        other.invoke(FunctionName=made["FunctionArn"], Payload=b"{}")
        waited = time.monotonic() - begun
        assert waited < 2.5
        assert not all(future.done() for future in busy)
