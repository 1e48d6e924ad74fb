"""Events come twice and in any order, and tasks are retried: the result is that of one orderly run."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from service import Service
from typed_dicts import mismatches
from waiting import until

from imageservice.adapters.image_table import from_dynamodb
from imageservice.core.item import Item
from imageservice.core.manifest import manifest_of

REPOSITORY = Path(__file__).parents[2]
# Attributes about the latest execution, not about the image.
_TRACES = {"execution", "previous_execution", "updated_at", "created_at"}


def state(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in _TRACES}


def event_of(service: Service, execution: str) -> str:
    event: str = service.stack.client("stepfunctions").describe_execution(executionArn=execution)["input"]
    return event


def start(service: Service, event: str) -> str:
    """Delivers an event to ProcessImage as its rule does; returns the execution that it starts."""
    started = service.stack.client("stepfunctions").start_execution(
        stateMachineArn=service.stack.outputs["ProcessImageArn"], input=event
    )
    arn: str = started["executionArn"]
    return arn


def ended(service: Service, execution: str) -> str:
    """The status of an execution once it has ended, and the name of the state it ended in."""
    status = service.ended(execution)
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in service.history(execution)
        if "stateEnteredEventDetails" in event
    ]
    return f"{status} in {entered[-1]}"


def tags(service: Service, key: str) -> dict[str, str]:
    answer = service.stack.client("s3").get_object_tagging(
        Bucket=service.stack.outputs["ProcessedBucketName"], Key=key
    )
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_the_same_event_a_second_time_changes_nothing(service: Service, samples: Path) -> None:
    before = service.settled(service.upload(samples / "landscape-small.jpg"))
    again = start(service, event_of(service, before["execution"]))
    assert ended(service, again) == "SUCCEEDED in Superseded"
    assert service.item(before["id"]) == before


def test_the_same_event_twice_at_once_leaves_one_revision(service: Service, samples: Path) -> None:
    settled = service.settled(service.upload(samples / "landscape-small.jpg"))
    event = event_of(service, settled["execution"])
    forget(service, settled["id"])
    runs = [start(service, event), start(service, event)]
    assert {ended(service, run).split()[0] for run in runs} == {"SUCCEEDED"}
    assert state(service.item(settled["id"])) == state(settled)


def test_an_item_of_version_0_2_0_gives_way_to_a_newer_upload(service: Service, samples: Path) -> None:
    """Its sequencer was padded on the left; where lengths differ, the workflow asks S3 which version is the newest."""
    before = service.settled(service.upload(samples / "landscape-small.jpg"))
    service.stack.client("dynamodb").update_item(
        TableName=service.stack.outputs["ImageTableName"],
        Key={"id": {"S": before["id"]}},
        UpdateExpression="SET sequencer = :padded",
        ExpressionAttributeValues={":padded": {"S": before["sequencer"].rjust(32, "0")}},
    )
    older = start(
        service, event_of(service, before["execution"]).replace(before["upload"]["version_id"], "older")
    )
    assert ended(service, older) == "SUCCEEDED in Superseded"
    service.upload(samples / "landscape-small.jpg", before["id"])
    assert service.settled(before["id"], revision=2)["status"] == "READY"
    service.stack.client("s3").delete_object(Bucket=service.stack.source_bucket, Key=before["id"])
    assert service.reaches(before["id"], "DELETED")["revision"] == 3


def forget(service: Service, image_id: str) -> None:
    """As if no event about the image had come yet."""
    service.stack.client("dynamodb").delete_item(
        TableName=service.stack.outputs["ImageTableName"], Key={"id": {"S": image_id}}
    )


@pytest.fixture
def two_uploads(service: Service, samples: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The items of one id after its first and after its second upload, which shows another photo."""
    image_id = service.upload(samples / "landscape-small.jpg")
    first = service.settled(image_id)
    service.upload(samples / "trees-small.png", image_id)
    return first, service.until(image_id, lambda item: item["status"] == "READY" and item["revision"] == 2)


def test_a_replacement_is_a_new_revision_under_new_keys(
    two_uploads: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    first, second = two_uploads
    assert (first["revision"], second["revision"]) == (1, 2)
    assert not {one["key"] for one in first["renditions"]} & {one["key"] for one in second["renditions"]}


def test_replaced_renditions_are_still_there_and_marked_to_expire(
    service: Service, two_uploads: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    first, second = two_uploads
    assert {tags(service, one["key"]).get("retired") for one in first["renditions"]} == {"true"}
    assert {tags(service, one["key"]).get("retired") for one in second["renditions"]} == {None}


def test_the_late_event_of_an_older_upload_changes_nothing(
    service: Service, two_uploads: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    first, second = two_uploads
    late = start(service, event_of(service, first["execution"]))
    assert ended(service, late) == "SUCCEEDED in Superseded"
    assert service.item(second["id"]) == second


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "newest first"])
def test_two_uploads_whose_events_come_at_once_in_either_order_leave_the_second_one(
    service: Service, two_uploads: tuple[dict[str, Any], dict[str, Any]], order: tuple[int, int]
) -> None:
    events = [event_of(service, item["execution"]) for item in two_uploads]
    forget(service, two_uploads[0]["id"])
    runs = [start(service, events[number]) for number in order]
    assert {ended(service, run).split()[0] for run in runs} == {"SUCCEEDED"}
    item = service.item(two_uploads[0]["id"])
    assert (item["status"], item["digest"], item["renditions"]) == (
        "READY",
        two_uploads[1]["digest"],
        two_uploads[1]["renditions"],
    )
    assert {tags(service, one["key"]).get("retired") for one in item["renditions"]} == {None}


def test_a_task_that_runs_twice_answers_and_stores_the_same(service: Service, samples: Path) -> None:
    item = service.settled(service.upload(samples / "landscape-orientation6.jpg"))
    scheduled = [
        json.loads(event["taskScheduledEventDetails"]["parameters"])
        for event in service.history(item["execution"])
        if event["type"] == "TaskScheduled"
    ]
    calls = [task["MessageBody"]["call"] for task in scheduled if "MessageBody" in task]
    bucket, s3 = service.stack.outputs["ProcessedBucketName"], service.stack.client("s3")
    before = {
        one["key"]: s3.get_object(Bucket=bucket, Key=one["key"])["Body"].read() for one in item["renditions"]
    }
    for call in calls:
        answer = service.stack.client("lambda").invoke(
            FunctionName=service.stack.output("ResizeFunctionArn"), Payload=json.dumps(call)
        )
        made = from_dynamodb(json.loads(answer["Payload"].read()))["renditions"]
        assert all(one in item["renditions"] for one in made)
    after = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in before}
    assert len(calls) == 5
    assert after == before


def test_a_reprocess_of_what_is_up_to_date_makes_nothing_again(service: Service, samples: Path) -> None:
    item = service.settled(service.upload(samples / "landscape-small.jpg"))
    event = json.loads(event_of(service, item["execution"]))
    event["detail"]["reason"] = "Reprocess"
    again = start(service, json.dumps(event))
    assert ended(service, again) == "SUCCEEDED in Mark ready"
    assert state(service.item(item["id"])) == state(item)
    assert not [one for one in service.history(again) if one["type"] == "MapIterationStarted"]


def test_a_deleted_original_takes_its_renditions_with_it_and_readers_get_410(
    service: Service, samples: Path
) -> None:
    item = service.settled(service.upload(samples / "trees-small.png"))
    s3, outputs = service.stack.client("s3"), service.stack.outputs
    s3.delete_object(Bucket=outputs["SourceBucketName"], Key=item["id"])
    tombstone = service.until(item["id"], lambda one: one["status"] == "DELETED")
    assert list(mismatches(tombstone, Item)) == []
    bucket = outputs["ProcessedBucketName"]
    until(lambda: not s3.list_objects_v2(Bucket=bucket, Prefix=item["id"])["KeyCount"], "no renditions")
    assert httpx.get(service.stack.url(f"/images/{item['id']}")).status_code == 410


def test_a_late_event_does_not_revive_a_deleted_image_but_a_new_upload_does(
    service: Service, samples: Path
) -> None:
    item = service.settled(service.upload(samples / "trees-small.png"))
    service.stack.client("s3").delete_object(Bucket=service.stack.outputs["SourceBucketName"], Key=item["id"])
    service.until(item["id"], lambda one: one["status"] == "DELETED")
    late = start(service, event_of(service, item["execution"]))
    assert ended(service, late) == "SUCCEEDED in Superseded"
    assert service.item(item["id"])["status"] == "DELETED"
    service.upload(samples / "trees-small.png", item["id"])
    assert service.until(item["id"], lambda one: one["status"] == "READY")["revision"] == 3


def test_what_the_workflow_is_given_has_the_form_that_is_written_down(
    service: Service, samples: Path
) -> None:
    item = service.settled(service.upload(samples / "trees-small.png", f"{time.time()} a b+c%20é/ü.png"))
    schema = json.loads((REPOSITORY / "statemachine/process_image.input.schema.json").read_text())
    jsonschema.validate(json.loads(event_of(service, item["execution"])), schema)


@pytest.mark.parametrize(
    "name", ["trees-alpha.png", "text-11frames.gif", "landscape-orientation6.jpg", "truncated.jpg"]
)
def test_an_upload_becomes_an_item_and_a_manifest_of_the_documented_form(
    service: Service, samples: Path, name: str
) -> None:
    item = service.settled(service.upload(samples / name))
    assert list(mismatches(item, Item)) == []
    schema = json.loads((REPOSITORY / "functions/imageservice/core/manifest.schema.json").read_text())
    jsonschema.validate(manifest_of(item), schema)
