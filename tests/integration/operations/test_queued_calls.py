"""Calls that wait in ResizeQueue: their workflow is stopped, or the function that should answer them can't start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from resize_artifact import artifact
from resize_queue import ResizeQueue
from waiting import until

from dev.benchmarks.bulk_mix import MIXED, mixed
from dev.benchmarks.bulk_report import ran
from dev.benchmarks.bulk_uploads import Sender, as_it_must, settled
from imageservice_operator.operations import images


@pytest.fixture
def queue(service: Any) -> ResizeQueue:
    return ResizeQueue(service.stack)


def errors_of(service: Any, function: str) -> float:
    """The sum of Lambda's metric of the last hour, which ResizeCrashesAlarm watches minute by minute."""
    now = datetime.now(UTC)
    points = service.stack.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": function.rpartition(":")[2]}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(float(point["Sum"]) for point in points)


def test_the_calls_of_a_stopped_workflow_are_not_made_until_it_is_replayed(
    service: Any, queue: ResizeQueue
) -> None:
    image_id = "queued/stopped.jpg"
    with queue.not_taken():
        sent = service.upload([image_id])
        until(lambda: queue.calls())
        execution = images.get_many(service.stack, [image_id])[image_id].execution
        assert service.images("stop", execution, "--yes").code == 0
        (image,) = service.settled(sent).values()
        assert image.status == "FAILED"
    until(lambda: queue.calls() == 0)
    bucket = service.stack.processed_bucket
    listed = service.stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{image_id}/")
    assert listed["KeyCount"] == 0
    assert [line["result"] for line in service.images("replay", image_id).lines] == ["READY"]


def test_calls_that_are_never_answered_fail_their_workflow_which_can_be_replayed(
    service: Any, queue: ResizeQueue
) -> None:
    sqs, update = queue.sqs, service.stack.client("lambda").update_function_code
    before = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "0"})
    function = service.function_of("ResizeFunction")
    update(FunctionName=function, ZipFile=artifact(**{"resize/sizer.py": "import no_such_module"}))
    try:
        (image,) = service.settled(service.upload(["queued/lost.jpg"])).values()
    finally:
        update(FunctionName=function, ZipFile=artifact())
        sqs.set_queue_attributes(QueueUrl=queue.url, Attributes=before)
    assert (image.status, image.error["name"]) == ("FAILED", "CallLost")
    assert errors_of(service, function) >= 10, "ResizeCrashesAlarm has nothing to fire on"
    (group,) = service.images("failures", "--error", "CallLost").lines
    assert "memory" in group["meaning"]
    assert [line["result"] for line in service.images("replay", "queued/lost.jpg").lines] == ["READY"]


def test_images_that_change_while_their_uploads_wait_end_as_they_must_and_readers_read_on(
    service: Any, queue: ResizeQueue, samples: Path
) -> None:
    photos = [samples / "landscape-small.jpg", samples / "trees-small.png"]
    planned = mixed(15, dict.fromkeys(MIXED, 13), photos)
    (alone,) = service.settled(service.upload(["queued/alone.jpg"])).values()
    queue.update_taker(ScalingConfig={"MaximumConcurrency": 2})
    sender = Sender(service.stack)
    with queue.not_taken():
        sender.send_all(planned)
        until(lambda: queue.calls() > 2)
        read = service.get(service.stack.image_url(alone.id))
    found = settled(service.stack, planned, sender.versions, lambda _: None)
    queue.update_taker(ScalingConfig={})
    assert read == 302
    assert {
        each.id for each in planned if not as_it_must(each, found[each.id], sender.versions[each.id])
    } == set()
    assert {each.retries for each in ran(service.stack, sender.versions)} == {0}
    replaced = {each.id for each in planned if each.kind == "replaced"}
    assert "SUPERSEDED" in {each.ended for each in ran(service.stack, replaced)}, "nothing waited"
