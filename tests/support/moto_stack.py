"""A deployment of the service in moto: real calls to AWS's APIs, and nothing that processes images by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
import image_tables
import moto_workflows
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.stepfunctions.models import stepfunctions_backends

from imageservice.adapters.image_table import to_dynamodb
from imageservice_operator.operations.stack import DEAD_LETTER_QUEUES, Stack

NAME, REGION = "shop", "us-east-1"


@dataclass
class World:
    """What operators meet: items, executions and dead letters, put there one by one."""

    stack: Stack
    _number: int = field(default=0)

    def execution(self, image_id: str, *, error: str | None = None, removal: bool = False) -> str:
        """Starts an execution about the image, and lets it fail with the error; returns its ARN."""
        self._number += 1
        states = self.stack.client("stepfunctions")
        machine = self.stack.machine_arn("RemoveImage" if removal else "ProcessImage")
        arn = states.start_execution(
            stateMachineArn=machine, name=f"e{self._number}", input=json.dumps(self.event(image_id, removal))
        )["executionArn"]
        if error:
            self.fail(arn, error)
        return arn

    def fail(self, arn: str, error: str) -> None:
        """Ends the execution with an error, whose cause says which error it is."""
        self.stack.client("stepfunctions").stop_execution(executionArn=arn)
        ended = stepfunctions_backends[ACCOUNT_ID][REGION].describe_execution(arn)
        ended.status = "FAILED"  # moto's StopExecution takes no error
        ended.error, ended.cause = error, f"{error} happened."

    def running(self) -> list[str]:
        """The ARNs of the executions of ProcessImage that run."""
        machine = self.stack.machine_arn("ProcessImage")
        listed = self.stack.client("stepfunctions").list_executions(
            stateMachineArn=machine, statusFilter="RUNNING"
        )
        return [each["executionArn"] for each in listed["executions"]]

    def item(self, image_id: str, status: str, **attributes: Any) -> None:
        """Puts the image's item, as the workflow does. Its sequencer is that of `execution`'s event."""
        item = {"id": image_id, "status": status, "sequencer": self.sequencer(image_id)}
        item |= {"updated_at": "2026-11-22T12:00:00.000Z", **attributes}
        self.stack.client("dynamodb").put_item(TableName=image_tables.NAME, Item=to_dynamodb(item))

    def dead_letter(self, image_id: str) -> None:
        self.stack.client("sqs").send_message(
            QueueUrl=self.stack.output("UploadDeadLetterQueueUrl"),
            MessageBody=json.dumps(self.event(image_id)),
        )

    def event(self, image_id: str, removal: bool = False) -> Mapping[str, Any]:
        """An event of S3 about the image."""
        kept = {} if removal else {"size": 1, "etag": "e", "version-id": "1"}
        reason = {"deletion-type": "Delete Marker Created", "reason": "DeleteObject"} if removal else {}
        return {
            "detail-type": "Object Deleted" if removal else "Object Created",
            "detail": {
                "bucket": {"name": "originals"},
                "object": {"key": image_id, "sequencer": self.sequencer(image_id), **kept},
                **(reason or {"reason": "PutObject"}),
            },
        }

    @staticmethod
    def sequencer(image_id: str) -> str:
        return image_id.encode().hex().ljust(32, "0")[:32].upper()


@contextmanager
def world() -> Iterator[World]:
    """A deployment with nothing in it."""
    with mock_aws():
        outputs = {
            "SourceBucketName": "originals",
            "ProcessedBucketName": "renditions",
            "ImageTableName": image_tables.NAME,
            "ApiUrl": "https://api.example",
        }
        for name in ("originals", "renditions"):
            boto3.client("s3", region_name=REGION).create_bucket(Bucket=name)
        image_tables.create(boto3.client("dynamodb", region_name=REGION))
        outputs |= moto_workflows.create(
            boto3.client("stepfunctions", region_name=REGION), (*moto_workflows.NAMES, "ReprocessImages")
        )
        for name in DEAD_LETTER_QUEUES.values():
            url = boto3.client("sqs", region_name=REGION).create_queue(QueueName=name)["QueueUrl"]
            outputs[name] = url
        yield World(Stack(NAME, REGION, outputs, partial(boto3.client, region_name=REGION)))
