"""Functions: their environment, how they fail, how many run."""

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from waiting import until

from imageservice_operator.operations.stack import Stack
from local import background

SAMPLE = Path(__file__).parent / "sample" / "template.yaml"

Echo = Callable[..., Any]


@pytest.fixture(scope="module")
def echo(stack: Stack) -> Echo:
    return invoker(stack)


def invoker(stack: Stack, function: str = "") -> Echo:
    client = stack.client("lambda", config=Config(read_timeout=120, retries={"total_max_attempts": 1}))

    def invoke(**event: Any) -> Any:
        answer = client.invoke(FunctionName=function or stack.outputs["EchoArn"], Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    return invoke


def copy_of_echo(stack: Stack, name: str, **settings: Any) -> str:
    """Another function with the same code and role; returns its ARN."""
    functions = stack.client("lambda")
    echo = functions.get_function(FunctionName=stack.outputs["EchoArn"])["Configuration"]
    listed = stack.client("s3").list_objects_v2(Bucket="local-artifacts", Prefix="EchoFunction-")
    made = functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=echo["Role"],
        Handler="echo.handler.handler",
        Code={"S3Bucket": "local-artifacts", "S3Key": listed["Contents"][0]["Key"]},
        **{"Timeout": 120, **settings},
    )
    return str(made["FunctionArn"])


def test_the_environment_is_lambdas_and_the_functions_own_and_nothing_else(echo: Echo, stack: Stack) -> None:
    environment = echo()["environment"]
    assert environment["CACHE_URL"] == stack.redis_url
    assert environment["AWS_ENDPOINT_URL"] == stack.endpoint_url
    assert environment["MALLOC_TRIM_THRESHOLD_"] == "100000"
    assert (environment["HOME"], environment["TZ"], environment["GREETING"]) == ("/tmp", ":UTC", "hello")
    others = {
        name
        for name in environment
        if not name.startswith(("AWS_", "LAMBDA_", "_")) and name not in ("GREETING", "CACHE_URL")
    }
    assert others <= {"PATH", "HOME", "TZ", "LANG", "LC_CTYPE", "PYTHONPATH", "MALLOC_TRIM_THRESHOLD_"}


def test_the_package_of_a_makefile_built_function_is_the_shared_package_and_its_own_folder(
    echo: Echo,
) -> None:
    assert [name for name in echo()["folders"] if name != "__pycache__"] == ["echo", "imageservice"]


def test_nothing_of_the_local_stack_is_importable_in_a_function(echo: Echo) -> None:
    assert not [entry for entry in echo()["path"] if "scripts" in entry or ".venv/local" in entry]


def test_a_worker_is_used_again(echo: Echo) -> None:
    assert echo()["pid"] == echo()["pid"]


def test_an_exception_keeps_its_class_message_and_trace(echo: Echo) -> None:
    answer = echo(reject="too large")
    assert (answer["errorType"], answer["errorMessage"]) == ("ImageRejected", "too large")
    assert "echo/handler.py" in answer["stackTrace"][0]


def test_an_overrun_function_is_killed_and_the_next_invocation_gets_a_new_worker(stack: Stack) -> None:
    hasty = invoker(stack, copy_of_echo(stack, "hasty", Timeout=1))
    before = hasty()["pid"]
    answer = hasty(sleep=60)
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert hasty()["pid"] != before
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
    """A stack with at most two worker processes."""
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


def test_a_busy_function_leaves_room_for_another(small: Stack, tmp_path: Path) -> None:
    """Twenty invocations, of which two run at a time, each until its gate opens; another function comes between."""
    invoke, other = invoker(small), invoker(small, copy_of_echo(small, "other"))

    def running() -> list[Path]:
        return [each for each in tmp_path.glob("arrived-*") if not gate(each).exists()]

    def gate(arrived: Path) -> Path:
        return arrived.with_name(arrived.name.replace("arrived", "gate"))

    with ThreadPoolExecutor(21) as pool:
        for number in range(20):
            files = {
                "arrive": str(tmp_path / f"arrived-{number}"),
                "wait_for": str(tmp_path / f"gate-{number}"),
            }
            pool.submit(invoke, **files)
        until(lambda: len(running()) == 2, "both workers")
        answer = pool.submit(other)
        while not answer.done():
            gate(until(running, "an invocation that runs")[0]).touch()
            until(lambda: answer.done() or len(running()) == 2, "the next invocation")
        opened = len(list(tmp_path.glob("gate-*")))
        for number in range(20):
            (tmp_path / f"gate-{number}").touch()
    assert "pid" in answer.result()
    assert opened < 18


def test_a_queue_without_a_limit_keeps_all_processors_busy_and_no_more(printed: Callable[..., str]) -> None:
    answers = printed(
        "from ministack.services.lambda_svc import _sqs_esm_concurrency as original",
        "from local.patches.lambda_workers import PROCESSORS, taken_at_once",
        "for scaling in ({}, {'MaximumConcurrency': '7'}):",
        "    print(taken_at_once(PROCESSORS, original, {'ScalingConfig': scaling}, {}, {}))",
    )
    assert [int(each) for each in answers.split()] == [max(2, os.cpu_count() or 2), 7]
