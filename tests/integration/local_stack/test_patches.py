"""Every patch of `scripts/local/patches/` is needed: without it, the stack does what these tests describe.
The rest of this folder shows that each works. One that fails here after an upgrade can be deleted.
"""

import contextlib
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest
from botocore.config import Config
from machines import Machines, single
from sockets import server_state, used_and_closed
from waiting import until

from imageservice_operator.operations.stack import Stack
from local import background

HERE = Path(__file__).parent
SAMPLE = HERE / "sample/template.yaml"
PATCHES = HERE.parents[2] / "scripts" / "local" / "patches"
COVERED = {
    "services": (
        "closed_connections eventbridge_dead_letter http_api_paths http_api_stage_variables imported_table"
        " json_platform_logs s3_conditional_copies s3_event_version s3_versioned_ranges"
    ).split(),
    "interpreter": (
        "choice_missing_path heartbeat_error integration_shapes map_failures map_readers map_result_writer"
        " map_workers sdk_error_names task_token_per_attempt"
    ).split(),
    "jsonata": ["jsonata_values"],
    "journal": ["redrive_journal"],
    "clients": ["interpreter_clients"],
    "engine": ["stepfunctions_engine"],
    "workers": ["lambda_workers"],
    "in tests of their own": "interpreter_imports shared_loader cloudfront_keys invalidation_pages".split(),
}

Bare = Callable[[str], Machines]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    """By name of a group above: the state machines of a stack without those patches."""
    with contextlib.ExitStack() as stacks, pytest.MonkeyPatch.context() as variables:
        # MiniStack's own workers leave their folders behind.
        variables.setenv("TMPDIR", str(tmp_path_factory.mktemp("of-ministack")))

        @cache
        def start(group: str) -> Machines:
            running = background.started(
                tmp_path_factory.mktemp(group),
                f"--template={SAMPLE}",
                command=(str(HERE / "without.py"), ",".join(COVERED[group]), "serve"),
            )
            return Machines(stacks.enter_context(running))

        yield start


def test_every_patch_has_a_test_here() -> None:
    modules = {path.stem for path in PATCHES.glob("*.py")} - {"__init__", "patch"}
    assert modules == {name for names in COVERED.values() for name in names}


def noted(stack: Stack, key: str) -> Any:
    """The event of an object that the sample's state machine has put into the table."""
    table, id_ = stack.outputs["TableName"], {"id": {"S": key}}
    item = until(lambda: stack.client("dynamodb").get_item(TableName=table, Key=id_).get("Item"), key)
    return json.loads(item["detail"]["S"])


def test_closed_connections(bare: Bare) -> None:
    connection = used_and_closed(bare("services").stack)
    until(lambda: server_state(connection) == "CLOSE_WAIT", "the server to notice")
    time.sleep(1)
    assert server_state(connection) == "CLOSE_WAIT"


def test_json_platform_logs(bare: Bare) -> None:
    function, client = bare("services").function, bare("services").stack.client
    client("lambda").update_function_configuration(FunctionName=function, LoggingConfig={"LogFormat": "JSON"})
    client("lambda").invoke(FunctionName=function)
    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    [first, *_] = client("logs").filter_log_events(logGroupName=group)["events"]
    assert first["message"].startswith("START RequestId")


def test_s3_event_version(bare: Bare) -> None:
    stack = bare("services").stack
    stack.client("s3").put_object(Bucket=stack.outputs["BucketName"], Key="a")
    assert "version-id" not in noted(stack, "a")["detail"]["object"]


def test_s3_versioned_ranges(bare: Bare) -> None:
    stack = bare("services").stack
    s3, bucket = stack.client("s3"), stack.outputs["BucketName"]
    version = s3.put_object(Bucket=bucket, Key="b", Body=b"0123456789")["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="b", VersionId=version, Range="bytes=0-3")["ContentLength"] == 10


def test_s3_conditional_copies(bare: Bare) -> None:
    stack = bare("services").stack
    s3, bucket = stack.client("s3"), stack.outputs["BucketName"]
    for key in ("from", "to"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"}, IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == b"from"


def test_eventbridge_dead_letter(bare: Bare) -> None:
    stack = bare("services").stack
    events, sqs, queue = stack.client("events"), stack.client("sqs"), stack.outputs["DeadLettersUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    machine = stack.outputs["NoteArn"].rpartition(":")[0] + ":missing"
    events.put_rule(Name="broken", EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(Rule="broken", Targets=[{"Id": "1", "Arn": machine, "DeadLetterConfig": {"Arn": arn}}])
    events.put_events(Entries=[{"Source": "test", "DetailType": "Test", "Detail": "{}"}])
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)


def test_http_api_paths(bare: Bare) -> None:
    stack = bare("services").stack
    with urllib.request.urlopen(stack.url("/open/a%2520b")) as answer:
        assert answer.read() == b"/open/a%2520b"


def test_imported_table(bare: Bare) -> None:
    stack = bare("services").stack
    cloudformation, named = stack.client("cloudformation"), {"StackName": "took", "ChangeSetName": "import"}
    key = {"AttributeName": "id", "KeyType": "HASH"}
    table = {"BillingMode": "PAY_PER_REQUEST", "KeySchema": [key]}
    table["AttributeDefinitions"] = [{"AttributeName": "id", "AttributeType": "S"}]
    stack.client("dynamodb").create_table(TableName="old", **table)
    resource = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": table}
    cloudformation.create_change_set(
        **named,
        ChangeSetType="IMPORT",
        ResourcesToImport=[
            {
                "ResourceType": "AWS::DynamoDB::Table",
                "LogicalResourceId": "Table",
                "ResourceIdentifier": {"TableName": "old"},
            }
        ],
        TemplateBody=json.dumps({"Resources": {"Table": resource}}),
    )
    cloudformation.execute_change_set(**named)
    cloudformation.get_waiter("stack_import_complete").wait(StackName="took", WaiterConfig={"Delay": 1})
    resource["Properties"] = {**table, "DeletionProtectionEnabled": True}
    cloudformation.update_stack(StackName="took", TemplateBody=json.dumps({"Resources": {"Table": resource}}))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="took", WaiterConfig={"Delay": 1})
    found = cloudformation.describe_stack_resources(StackName="took")["StackResources"]
    assert [each["PhysicalResourceId"] for each in found] != ["old"]


def test_http_api_stage_variables(bare: Bare) -> None:
    stack = bare("services").stack
    with urllib.request.urlopen(stack.url("/open/stage-variables")) as answer:
        assert answer.read() == b"null"


def test_choice_missing_path(bare: Bare) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.nope", "StringEquals": "x", "Next": "C"}],
        "Default": "C",
    }
    assert bare("interpreter").run(single(choice, C={"Type": "Succeed"})).status == "SUCCEEDED"


def test_heartbeat_error(bare: Bare) -> None:
    machines = bare("interpreter")
    task = {**machines.waiting_task(), "HeartbeatSeconds": 1}
    assert machines.run(single(task)).error == "States.Timeout"


def test_task_token_per_attempt(bare: Bare) -> None:
    machines = bare("interpreter")
    execution = machines.start(single(machines.waiting_task(IntervalSeconds=1, MaxAttempts=1)))
    (token,) = until(lambda: machines.tokens(execution))
    machines.states.send_task_failure(taskToken=token, error="Once")
    assert machines.wait(execution).error == "Once"


def test_integration_shapes(bare: Bare) -> None:
    machines = bare("interpreter")
    parameters = {"StateMachineArn": machines.create(single({"Type": "Pass", "End": True}))}
    resource = "arn:aws:states:::states:startExecution"
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    ended = machines.run(single(task))
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")


def test_sdk_error_names(bare: Bare) -> None:
    machines = bare("interpreter")
    parameters = {"Bucket": machines.stack.outputs["BucketName"], "Key": "nope"}
    resource = "arn:aws:states:::aws-sdk:s3:getObject"
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    ended = machines.run(single(task))
    assert ended.error == "s3.NoSuchKeyException"


def distributed_map(states: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A Distributed Map whose items start at state X, by default one that passes."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "X",
        "States": states or {"X": {"Type": "Pass", "End": True}},
    }
    return {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}


def test_map_readers(bare: Bare) -> None:
    machines = bare("interpreter")
    machines.stack.client("s3").create_bucket(Bucket="empty")
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "empty"}}
    ended = machines.run(single(distributed_map(ItemReader=reader)))
    assert (ended.status, ended.cause and "Contents" in ended.cause) == ("FAILED", True)


def test_map_result_writer(bare: Bare) -> None:
    machines = bare("interpreter")
    s3 = machines.stack.client("s3")
    s3.create_bucket(Bucket="results")
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "results", "Prefix": "r"}}
    machines.run(single(distributed_map(ItemsPath="$.items", ResultWriter=writer)), {"items": [1]})
    written = [item["Key"] for item in s3.list_objects_v2(Bucket="results").get("Contents", [])]
    assert not [key for key in written if "SUCCEEDED" in key]


def test_map_failures(bare: Bare) -> None:
    failing = {"X": {"Type": "Fail", "Error": "E"}}
    ended = bare("interpreter").run(
        single(distributed_map(failing, ItemsPath="$.items", ToleratedFailureCount=1)), {"items": [1, 2]}
    )
    assert ended.status == "SUCCEEDED"


def test_map_workers(bare: Bare, tmp_path: Path) -> None:
    machines = bare("interpreter")
    inner = {"StartAt": "X", "States": {"X": machines.task()}}
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}
    gate, left, met = tmp_path / "gate", tmp_path / "left", tmp_path / "met"
    met.mkdir()
    both = {"meet": {"folder": str(met), "calls": 2}}
    held = {**both, "wait_for": str(gate), "leave": str(left)}
    ended = machines.run(single(state), {"items": [{**both, "raise": "ThumbError"}, held]})
    gate.touch()
    until(left.exists, "the second item")
    machines.run(single(machines.task({})))
    assert "MapIterationAborted" not in machines.event_types(ended.arn)


def test_jsonata_values(bare: Bare) -> None:
    state = {"Type": "Pass", "Output": "{% 1 + 1 %}", "End": True}
    ended = bare("jsonata").run({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}})
    assert ended.status == "FAILED"


def test_redrive_journal(bare: Bare) -> None:
    machines = bare("journal")
    failed = machines.run(single({"Type": "Fail", "Error": "E"}))
    with pytest.raises(botocore.exceptions.ClientError, match="ExecutionNotRedrivable"):
        machines.states.redrive_execution(executionArn=failed.arn)


def test_interpreter_clients(bare: Bare) -> None:
    machines = bare("clients")
    ended = machines.run(single(machines.task({"a": 1})))
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")


def test_stepfunctions_engine(bare: Bare) -> None:
    machines = bare("engine")
    failed = machines.run(single(machines.task({"raise": "ThumbError"})))
    assert "TaskStarted" not in machines.event_types(failed.arn)
    with pytest.raises(botocore.exceptions.ClientError, match="RedriveExecution"):
        machines.states.redrive_execution(executionArn=failed.arn)


def test_lambda_workers(bare: Bare, tmp_path: Path) -> None:
    machines = bare("workers")
    client = machines.stack.client("lambda", config=Config(read_timeout=240))

    def invoke(**event: Any) -> Any:
        answer = client.invoke(FunctionName=machines.function, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    assert invoke(**{"raise": "ThumbError"})["errorType"] == "Runtime.HandlerError"
    with ThreadPoolExecutor(12) as pool:
        meet = {"folder": str(tmp_path), "calls": 12}
        answers = list(pool.map(lambda _: invoke(meet=meet), range(12)))
    assert len({answer["pid"] for answer in answers}) == 12
