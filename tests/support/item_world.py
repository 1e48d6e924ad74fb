"""One image as the workflows' states, the functions and the recorder change it, one step at a time.

The states' own expressions and the functions' own answers meet moto's DynamoDB and S3.
"""

import contextlib
import io
from collections.abc import Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from image_tables import dynamodb
from PIL import Image
from typed_dicts import mismatches
from workflow_states import Evaluate, Execution

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.source_bucket import NO_METADATA, RangedOriginal, read_original
from imageservice.core.item import Item
from imageservice.core.limits import Limits
from imageservice.core.manifest import Failure
from imageservice.core.upload_event import upload_from_event
from imageservice.failures.failed_execution import FailedExecution
from imageservice.failures.notification import Notifier
from imageservice.failures.recorder import FailureRecorder
from inspect_original import bootstrap as inspect_bootstrap
from inspect_original.handler import handler as inspect_original
from resize import bootstrap as resize_bootstrap
from resize.handler import handler as resize
from resize.sizer import Sizer

_ID = "a b+c%20é.png"
_TIME = "2026-11-22T12:00:00.000Z"
_CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="request"
)


def _png(color: str, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (400, 300), color).save(file, "PNG")
    return file.getvalue()


PHOTO, OTHER_PHOTO, GLASS = _png("teal"), _png("coral"), _png("#00808080", "RGBA")


class World:
    """One image: its original in S3, its item in DynamoDB, and the executions that a test takes step by step."""

    def __init__(self, dynamodb: Any, s3: Any, evaluate: Evaluate) -> None:
        self._dynamodb, self._s3, self._evaluate = dynamodb, s3, evaluate
        self.table = ImageTable(dynamodb, "images")
        self._events = 0

    def upload(self, content: bytes = PHOTO, metadata: Mapping[str, str] = NO_METADATA) -> dict[str, Any]:
        """The event of a new upload, as EventBridge delivers it; without a version id if the bucket has none."""
        stored = self._s3.put_object(Bucket="originals", Key=_ID, Body=content, Metadata=dict(metadata))
        uploaded = {"size": len(content), "etag": stored["ETag"].strip('"')}
        return self._event("PutObject", uploaded, stored.get("VersionId"))

    def deletion(self, kind: str = "Delete Marker Created", version: str | None = None) -> dict[str, Any]:
        event = self._event("DeleteObject", {}, version)
        event["detail"]["deletion-type"] = kind
        return event

    def _event(self, reason: str, of_object: dict[str, Any], version: str | None) -> dict[str, Any]:
        self._events += 1
        described = {"key": _ID, "sequencer": f"{self._events:018X}", **of_object}
        if version:
            described["version-id"] = version
        return {
            "time": _TIME,
            "detail": {"reason": reason, "bucket": {"name": "originals"}, "object": described},
        }

    def started(self, definition: str, event: dict[str, Any]) -> Execution:
        return Execution(self._evaluate, definition, event, arn=f"execution-{self._events}", time=_TIME)

    def write(self, execution: Execution, state: str) -> dict[str, Any] | None:
        """Carries out a state's updateItem and its Assign. Returns the resulting item, None if the condition fails."""
        arguments = {**execution.arguments(state), "TableName": "images"}
        try:
            answer = self._dynamodb.update_item(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return None
            raise
        execution.assign(state, answer)
        return self.item()

    def item(self) -> dict[str, Any] | None:
        return self.table.get(_ID)

    def fail(self, event: dict[str, Any], removal: bool = False) -> None:
        """Records the failure of this event's execution, as RecordFailure does."""
        sns = boto3.client("sns")
        topic = sns.create_topic(Name="failures")["TopicArn"]
        notifier = Notifier(boto3.client("events"), sns, topic, "images")
        recorder = FailureRecorder(
            self._dynamodb, "images", Executions(boto3.client("stepfunctions")), notifier, self._s3
        )
        upload, failure = upload_from_event(event), Failure(name="Boom", cause="It broke.")
        failed = FailedExecution(f"execution-{self._events}", 0, upload, removal, failure)
        assert recorder.record(failed) == "RECORDED"

    def registered(self, content: bytes = PHOTO, metadata: Mapping[str, str] = NO_METADATA) -> Execution:
        execution = self.started("process_image", self.upload(content, metadata))
        assert self.write(execution, "Register upload")
        return execution

    def inspected(self, content: bytes) -> Execution:
        """An execution that has nothing to resize."""
        execution = self.registered(content)
        answer = inspect_original(execution.arguments("Inspect original")["Payload"], _CONTEXT)
        execution.assign("Inspect original", {"Payload": answer})
        assert answer["resizes"] == []
        return execution

    def resized(self, content: bytes = PHOTO, metadata: Mapping[str, str] = NO_METADATA) -> Execution:
        execution = self.registered(content, metadata)
        inspected = inspect_original(execution.arguments("Inspect original")["Payload"], _CONTEXT)
        execution.assign("Inspect original", {"Payload": inspected})
        made = [
            resize(each, _CONTEXT)
            for each in execution.items("Resize to each size", {"resizes": inspected["resizes"]})
        ]
        execution.assign("Resize to each size", made)
        return execution

    def ready(self, content: bytes = PHOTO, metadata: Mapping[str, str] = NO_METADATA) -> dict[str, Any]:
        execution = self.resized(content, metadata)
        assert self.write(execution, "Record image")
        item = self.write(execution, "Mark ready")
        assert item
        return item


def conforms(item: dict[str, Any] | None, status: str) -> bool:
    """Whether the item has that status, and the status's shape; pytest shows what differs."""
    assert item is not None
    assert item["status"] == status
    assert list(mismatches(item, Item)) == []
    return True


@contextlib.contextmanager
def running_world(monkeypatch: pytest.MonkeyPatch, evaluate: Evaluate, versioning: Any) -> Iterator[World]:
    """A world whose functions work with moto's buckets; the originals' versioning is Enabled or Suspended."""
    with dynamodb() as client:
        s3 = boto3.client("s3")
        inspection = inspect_bootstrap.Dependencies(partial(RangedOriginal, s3), Limits(), load_plan())
        sizer = Sizer(partial(read_original, s3), Renditions(s3, "renditions"), Limits())
        monkeypatch.setattr(inspect_bootstrap, "dependencies", lambda: inspection)
        monkeypatch.setattr(resize_bootstrap, "sizer", lambda: sizer)
        for bucket in ("originals", "renditions"):
            s3.create_bucket(Bucket=bucket)
        if versioning == "Enabled":
            s3.put_bucket_versioning(Bucket="originals", VersioningConfiguration={"Status": "Enabled"})
        yield World(client, s3, evaluate)
