"""What the stack announces fits its schemas, and reaches a subscriber by the rule that the documentation shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from waiting import until

from imageservice_operator.operations import removal

DOCS = Path(__file__).parents[3] / "docs"
SCHEMAS = {
    schema["title"]: schema
    for schema in (json.loads(path.read_text()) for path in sorted((DOCS / "events").glob("*.schema.json")))
}


@pytest.fixture(scope="module")
def messages(service: Any) -> str:
    """The URL of a queue that is subscribed to the failure topic."""
    client = service.stack.client("sqs")
    queue = client.create_queue(QueueName="failures")["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = service.stack.output("FailureTopicArn")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    client.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    service.stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return str(queue)


@pytest.fixture(scope="module")
def emitted(service: Any, messages: str) -> dict[str, dict[str, Any]]:
    """One event of each kind, as a queue subscribed to all of them got it."""
    client, events = service.stack.client("sqs"), service.stack.client("events")
    queue = client.create_queue(QueueName="all-events")["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all-events", EventPattern=json.dumps({"source": ["image-service"]}))
    events.put_targets(Rule="all-events", Targets=[{"Id": "queue", "Arn": arn}])
    found: dict[str, dict[str, Any]] = {}

    def all_of(*kinds: str) -> bool:
        for message in client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            found[event["detail-type"]] = event
        return set(kinds) <= found.keys()

    service.settled(service.upload(["events/ü 1.jpg"]))
    service.stack.client("s3").put_object(
        Bucket=service.stack.source_bucket, Key="events/no.jpg", Body=b"no image"
    )
    until(lambda: all_of("ImageReady", "ImageRejected"))
    removal.remove(service.stack, "events/ü 1.jpg")
    until(lambda: all_of("ImageRemoved"))
    _stop_one(service)
    until(lambda: all_of("ImageFailed"))
    return found


def _stop_one(service: Any) -> None:
    """Aborts one execution of ProcessImage, which is a failure like any other."""
    service.redis.stop()
    try:
        service.upload(["events/stopped.jpg"])
        states, machine = service.stack.client("stepfunctions"), service.stack.machine_arn("ProcessImage")
        running = until(
            lambda: states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
        )
        arn = running[0]["executionArn"]
        until(lambda: service.entered(arn, "Cache first image"))
        states.stop_execution(executionArn=arn, cause="Stopped for a test.")
    finally:
        service.redis.start()
    assert service.images("replay", "events/stopped.jpg").code in (0, 4)


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_event_fits_its_schema(emitted: dict[str, dict[str, Any]], kind: str) -> None:
    jsonschema.Draft202012Validator(SCHEMAS[kind], format_checker=jsonschema.FormatChecker()).validate(
        emitted[kind]
    )


def test_every_event_has_a_schema(emitted: dict[str, dict[str, Any]]) -> None:
    assert emitted.keys() == SCHEMAS.keys()


def test_a_rejection_tells_the_reason(emitted: dict[str, dict[str, Any]]) -> None:
    assert emitted["ImageRejected"]["detail"]["id"] == "events/no.jpg"
    assert emitted["ImageRejected"]["detail"]["reason"]


@pytest.mark.usefixtures("emitted")
def test_operators_learn_what_to_do_once_for_each_failure(service: Any, messages: str) -> None:
    client = service.stack.client("sqs")
    got = until(lambda: client.receive_message(QueueUrl=messages, MaxNumberOfMessages=10).get("Messages"))
    (text,) = [json.loads(message["Body"])["Message"] for message in got]
    assert "Stopped for a test." in text
    assert "images replay --stack" in text


def test_a_removal_is_later_than_what_was_removed(emitted: dict[str, dict[str, Any]]) -> None:
    assert emitted["ImageRemoved"]["detail"]["revision"] > emitted["ImageReady"]["detail"]["revision"]


@pytest.fixture
def example_queue(service: Any) -> Iterator[str]:
    """The URL of the queue in the documentation's example, deployed unchanged."""
    templates = re.findall(r"```yaml\n(Resources:.*?)```", (DOCS / "events.md").read_text(), re.DOTALL)
    (template,) = (text for text in templates if "CatalogQueue" in text)
    client = service.stack.client("cloudformation")
    client.create_stack(StackName="catalog", TemplateBody=template)
    client.get_waiter("stack_create_complete").wait(StackName="catalog", WaiterConfig={"Delay": 1})
    resource = client.describe_stack_resource(StackName="catalog", LogicalResourceId="CatalogQueue")
    yield resource["StackResourceDetail"]["PhysicalResourceId"]
    client.delete_stack(StackName="catalog")


def test_the_documented_rule_delivers_the_shops_images_alone(service: Any, example_queue: str) -> None:
    service.settled(service.upload(["shop/red chair.jpg", "news/chair.jpg"]))
    client = service.stack.client("sqs")
    messages = until(
        lambda: client.receive_message(QueueUrl=example_queue, MaxNumberOfMessages=10).get("Messages")
    )
    assert [json.loads(message["Body"])["detail"]["id"] for message in messages] == ["shop/red chair.jpg"]
