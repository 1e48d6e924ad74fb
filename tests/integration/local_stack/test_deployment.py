"""The sample template, deployed: what MiniStack's CloudFormation ignores is set, routes answer, events arrive."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from machines import Machines, single
from sockets import server_state, used_and_closed
from waiting import until

from imageservice_operator.operations.stack import Stack

KEY = "a b+c%20é/ü.jpg"


def table_item(stack: Stack, key: str) -> dict[str, Any]:
    """The detail of an object's event, which the sample's state machine records."""
    dynamodb, table = stack.client("dynamodb"), stack.outputs["TableName"]

    def item() -> Any:
        found = dynamodb.get_item(TableName=table, Key={"id": {"S": key}}, ConsistentRead=True)
        return found.get("Item")

    noted: dict[str, Any] = json.loads(until(item, f"the event of {key}")["detail"]["S"])
    return noted


def forget(stack: Stack, key: str) -> None:
    stack.client("dynamodb").delete_item(TableName=stack.outputs["TableName"], Key={"id": {"S": key}})


def get(url: str | urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_connection_that_its_client_closes_is_closed_by_the_stack(stack: Stack) -> None:
    connection = used_and_closed(stack)
    until(lambda: server_state(connection) == "", "the server to close")


def test_a_tables_expiry_and_recovery_are_on(stack: Stack) -> None:
    dynamodb, name = stack.client("dynamodb"), stack.outputs["TableName"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires_at")
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_buckets_lifecycle_and_versioning_are_set(stack: Stack) -> None:
    s3, name = stack.client("s3"), stack.outputs["BucketName"]
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]}
    assert rules["old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["retired"]["Filter"] == {"Tag": {"Key": "state", "Value": "retired"}}
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_an_open_route_answers(stack: Stack) -> None:
    assert get(stack.url("/open/some/key")) == (200, "/open/some/key")


def test_a_route_gets_the_variables_of_the_apis_stage(stack: Stack) -> None:
    assert get(stack.url("/open/stage-variables")) == (200, '{"greeting": "hello"}')


def test_a_signed_route_refuses_who_did_not_sign_and_answers_who_did(stack: Stack) -> None:
    url = stack.url("/signed")
    request = AWSRequest("POST", url, data=b"{}")
    identity = boto3.session.Session(stack.file.access_key_id, stack.file.secret_access_key).get_credentials()
    SigV4Auth(identity, "execute-api", stack.region).add_auth(request)
    signed = urllib.request.Request(url, b"{}", dict(request.headers.items()), method="POST")
    assert get(urllib.request.Request(url, b"{}", method="POST"))[0] == 403
    assert get(signed)[0] == 200


def test_a_route_that_is_not_there_is_404(stack: Stack) -> None:
    assert get(stack.url("/nothing"))[0] == 404


def test_an_upload_is_announced_like_on_aws(stack: Stack) -> None:
    put = stack.client("s3").put_object(Bucket=stack.outputs["BucketName"], Key=KEY, Body=b"12345")
    event = table_item(stack, KEY)
    forget(stack, KEY)
    detail = event["detail"]
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert detail["bucket"] == {"name": stack.outputs["BucketName"]}
    assert detail["object"].pop("sequencer")
    assert detail["object"] == {
        "key": KEY,
        "size": 5,
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
    }
    assert detail["reason"] == "PutObject"


def test_the_sequencer_of_a_key_grows(stack: Stack) -> None:
    sequencers = []
    for _ in range(3):
        stack.client("s3").put_object(Bucket=stack.outputs["BucketName"], Key="seq")
        sequencers.append(table_item(stack, "seq")["detail"]["object"]["sequencer"].rjust(32, "0"))
        forget(stack, "seq")
    assert sequencers == sorted(set(sequencers))


def test_a_presigned_post_keeps_the_key_and_its_limits(stack: Stack) -> None:
    post = stack.client("s3").generate_presigned_post(
        stack.outputs["BucketName"], KEY, Conditions=[["content-length-range", 1, 10]]
    )
    assert send_form(post, b"123") in (200, 204)
    assert table_item(stack, KEY)["detail"]["reason"] == "POST Object"
    forget(stack, KEY)
    assert send_form(post, b"1234567890123") == 400


def send_form(post: dict[str, Any], content: bytes) -> int:
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in post["fields"].items()
    )
    head = f'{parts}--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    return get(
        urllib.request.Request(post["url"], head + content + b"\r\n--x--\r\n", headers, method="POST")
    )[0]


def test_a_multipart_upload_is_announced_with_its_reason(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"x" * 9_000_000)
    stack.client("s3").upload_file(str(file), stack.outputs["BucketName"], "large")
    detail = table_item(stack, "large")["detail"]
    assert (detail["reason"], detail["object"]["size"]) == ("CompleteMultipartUpload", 9_000_000)


@pytest.mark.parametrize("versioned", [False, True])
def test_a_deletion_is_announced_with_its_type(stack: Stack, versioned: bool) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["BucketName"]
    version = s3.put_object(Bucket=bucket, Key="gone")["VersionId"]
    table_item(stack, "gone")
    forget(stack, "gone")
    s3.delete_object(Bucket=bucket, Key="gone", **({"VersionId": version} if versioned else {}))
    event = table_item(stack, "gone")
    forget(stack, "gone")
    assert event["detail-type"] == "Object Deleted"
    kind = "Permanently Deleted" if versioned else "Delete Marker Created"
    assert event["detail"]["deletion-type"] == kind
    assert event["detail"]["object"]["version-id"]


def test_an_event_that_its_target_refuses_waits_in_the_dead_letter_queue(stack: Stack) -> None:
    events, states = stack.client("events"), stack.client("stepfunctions")
    sqs, queue = stack.client("sqs"), stack.outputs["DeadLettersUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    machine = stack.outputs["NoteArn"].rpartition(":")[0] + ":missing"
    events.put_rule(Name="broken", EventPattern=json.dumps({"source": ["test.broken"]}))
    events.put_targets(Rule="broken", Targets=[{"Id": "1", "Arn": machine, "DeadLetterConfig": {"Arn": arn}}])
    events.put_events(Entries=[{"Source": "test.broken", "DetailType": "Test", "Detail": '{"a": 1}'}])
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert json.loads(message["Body"])["detail"] == {"a": 1}
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "StateMachineDoesNotExist"
    assert states.list_executions(stateMachineArn=stack.outputs["NoteArn"])["executions"] is not None


def test_a_state_machine_runs_as_its_role(stack: Stack, machines: Machines) -> None:
    role = stack.client("stepfunctions").describe_state_machine(stateMachineArn=stack.outputs["NoteArn"])[
        "roleArn"
    ]
    scan = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:scan",
        "Parameters": {"TableName": stack.outputs["TableName"]},
        "End": True,
    }
    arn = machines.states.create_state_machine(
        name="denied", definition=json.dumps(single(scan)), roleArn=role
    )
    started = machines.states.start_execution(stateMachineArn=arn["stateMachineArn"])
    ended = machines.wait(started["executionArn"])
    assert (ended.status, ended.error) == ("FAILED", "DynamoDb.DynamoDbException")
    assert "is not authorized to perform: dynamodb:Scan" in ended.cause
