"""Tasks that call AWS services: results, error names, callbacks, nested executions."""

import json
from typing import Any

import pytest
from machines import CAUGHT, Machines, single
from waiting import until

from imageservice_operator.operations.stack import Stack


@pytest.fixture(scope="module")
def table(stack: Stack) -> str:
    dynamodb = stack.client("dynamodb")
    dynamodb.create_table(
        TableName="integration",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="integration", Item={"pk": {"S": "1"}})
    return "integration"


def failing(resource: str, parameters: dict[str, Any], error: str) -> dict[str, Any]:
    catch = [{"ErrorEquals": [error], "Next": "C"}]
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "Catch": catch, "End": True}


def put_again(table: str) -> dict[str, Any]:
    return {"TableName": table, "Item": {"pk": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(pk)"}


ERRORS = {
    "arn:aws:states:::dynamodb:putItem": "DynamoDB.ConditionalCheckFailedException",
    "arn:aws:states:::aws-sdk:dynamodb:putItem": "DynamoDb.ConditionalCheckFailedException",
}


@pytest.mark.parametrize("resource", ERRORS)
def test_a_failed_condition_has_the_name_of_its_kind_of_integration(
    machines: Machines, table: str, resource: str
) -> None:
    ended = machines.run(single(failing(resource, put_again(table), ERRORS[resource]), C=CAUGHT))
    assert ended.output["Error"] == ERRORS[resource]


def test_an_unknown_distribution_has_cloudfronts_error_name(machines: Machines) -> None:
    parameters = {
        "DistributionId": "ENOPE",
        "InvalidationBatch": {"CallerReference": "x", "Paths": {"Quantity": 1, "Items": ["/*"]}},
    }
    resource = "arn:aws:states:::aws-sdk:cloudfront:createInvalidation"
    task = failing(resource, parameters, "CloudFront.NoSuchDistributionException")
    ended = machines.run(single(task, C=CAUGHT))
    assert ended.output["Error"] == "CloudFront.NoSuchDistributionException"


def test_an_unknown_key_has_s3s_error_name(machines: Machines, stack: Stack) -> None:
    parameters = {"Bucket": stack.outputs["BucketName"], "Key": "nope"}
    task = failing("arn:aws:states:::aws-sdk:s3:getObject", parameters, "S3.NoSuchKeyException")
    assert machines.run(single(task, C=CAUGHT)).output["Error"] == "S3.NoSuchKeyException"


def test_an_update_answers_the_new_item(machines: Machines, table: str) -> None:
    parameters = {
        "TableName": table,
        "Key": {"pk": {"S": "counter"}},
        "UpdateExpression": "SET n = if_not_exists(n, :zero) + :one",
        "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}},
        "ReturnValues": "ALL_NEW",
    }
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Parameters": parameters,
        "End": True,
    }
    assert machines.run(single(task)).output["Attributes"]["n"] == {"N": "1"}


def test_an_invalidation_of_a_distribution_is_made(machines: Machines, stack: Stack) -> None:
    config = {
        "CallerReference": "test",
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {"Id": "o", "DomainName": "example.com", "S3OriginConfig": {"OriginAccessIdentity": ""}},
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    }
    made = stack.client("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]
    parameters = {
        "DistributionId": made["Id"],
        "InvalidationBatch": {"CallerReference": "1", "Paths": {"Quantity": 1, "Items": ["#tag"]}},
    }
    resource = "arn:aws:states:::aws-sdk:cloudfront:createInvalidation"
    ended = machines.run(
        single({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True})
    )
    assert ended.output["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] == ["#tag"]


def test_events_messages_and_notifications_are_sent(machines: Machines, stack: Stack) -> None:
    queue = stack.client("sqs").create_queue(QueueName="from-a-task")["QueueUrl"]
    topic = stack.client("sns").create_topic(Name="from-a-task")["TopicArn"]
    calls = [
        ("events:putEvents", {"Entries": [{"Source": "test", "DetailType": "Test", "Detail": {"a": 1}}]}),
        ("sqs:sendMessage", {"QueueUrl": queue, "MessageBody": {"a": 1}}),
        ("sns:publish", {"TopicArn": topic, "Message": "a"}),
    ]
    branches = [
        {
            "StartAt": "X",
            "States": {
                "X": {"Type": "Task", "Resource": f"arn:aws:states:::{name}", "Parameters": call, "End": True}
            },
        }
        for name, call in calls
    ]
    ended = machines.run(single({"Type": "Parallel", "Branches": branches, "End": True}))
    event, message, notification = ended.output
    assert event["FailedEntryCount"] == 0
    assert message["MessageId"]
    assert notification["MessageId"]


def test_a_task_token_in_the_history_completes_the_task(machines: Machines) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": machines.function, "Payload": {"token.$": "$$.Task.Token"}},
        "TimeoutSeconds": 20,
        "End": True,
    }
    execution = machines.start(single(task))
    machines.wait_for_event(execution, "TaskSubmitted")
    (scheduled,) = [
        event["taskScheduledEventDetails"]
        for event in machines.history(execution)
        if event["type"] == "TaskScheduled"
    ]
    token = json.loads(scheduled["parameters"])["Payload"]["token"]
    machines.states.send_task_success(taskToken=token, output='{"z": 1}')
    assert machines.wait(execution).output == {"z": 1}


def test_each_attempt_of_a_task_has_a_token_of_its_own_and_a_used_one_is_refused(machines: Machines) -> None:
    execution = machines.start(single(machines.waiting_task(IntervalSeconds=1, MaxAttempts=1)))
    (first,) = until(lambda: machines.tokens(execution))
    machines.states.send_task_failure(taskToken=first, error="Once")
    _, second = until(lambda: (found := machines.tokens(execution))[1:] and found)
    assert second != first
    with pytest.raises(machines.states.exceptions.TaskTimedOut):
        machines.states.send_task_heartbeat(taskToken=first)
    machines.states.send_task_success(taskToken=second, output="2")
    assert machines.wait(execution).output == 2


def test_a_stopped_execution_waits_for_no_token(machines: Machines) -> None:
    execution = machines.start(single(machines.waiting_task()))
    (token,) = until(lambda: machines.tokens(execution))
    machines.states.stop_execution(executionArn=execution)
    with pytest.raises(machines.states.exceptions.TaskTimedOut):
        machines.states.send_task_heartbeat(taskToken=token)


def test_a_nested_execution_is_waited_for_and_its_output_is_json(machines: Machines) -> None:
    inner = machines.create(single({"Type": "Pass", "Result": {"q": 1}, "End": True}))
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": inner, "Input": {}},
        "OutputPath": "$.Output",
        "End": True,
    }
    assert machines.run(single(task)).output == {"q": 1}


def test_a_nested_execution_can_be_started_and_left(machines: Machines) -> None:
    inner = machines.create(single({"Type": "Pass", "End": True}))
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": {"StateMachineArn": inner, "Input": {"a": 1}},
        "End": True,
    }
    started = machines.run(single(task)).output["ExecutionArn"]
    assert machines.wait(started).output == {"a": 1}
