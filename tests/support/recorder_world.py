"""A failure recorder on moto's DynamoDB, with what subscribers and Step Functions would see and say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.core.upload_event import Upload
from imageservice.failures.failed_execution import FailedExecution
from imageservice.failures.notification import Notifier
from imageservice.failures.recorder import FailureRecorder

ID = "a b.jpg"


def sequencer(number: int) -> str:
    return str(number)


def failure(
    execution: str = "first", redrives: int = 0, number: int = 5, removal: bool = False, name: str = "Boom"
) -> FailedExecution:
    upload = Upload(ID, "originals", sequencer(number), "etag", 7, f"v{number}")
    return FailedExecution(execution, redrives, upload, removal, {"name": name, "cause": "it broke"})


@dataclass
class Subscribers:
    """Takes the place of EventBridge and of SNS; fails as often as it is asked to."""

    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    failing: int = 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if self.failing:
            self.failing -= 1
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        self.events += Entries
        return {"FailedEntryCount": 0, "Entries": [{}]}

    def publish(self, **message: Any) -> None:
        self.messages.append(message)


class ExecutionDoesNotExist(Exception):
    """As boto3's client has it under `exceptions`."""


class Described:
    """Takes the place of Step Functions: the current state of an execution, by ARN."""

    class exceptions:  # noqa: N801 - boto3's name
        ExecutionDoesNotExist = ExecutionDoesNotExist

    def __init__(self) -> None:
        self.now: dict[str, dict[str, Any]] = {}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        if executionArn not in self.now:
            raise ExecutionDoesNotExist(executionArn)
        return self.now[executionArn]


class World:
    def __init__(self, client: Any, s3: Any = None) -> None:
        self.client, self.subscribers, self.described = client, Subscribers(), Described()
        notifier = Notifier(self.subscribers, self.subscribers, "topic", "images")
        self.recorder = FailureRecorder(client, "images", Executions(self.described), notifier, s3)

    def item(self) -> dict[str, Any]:
        return ImageTable(self.client, "images").get(ID) or {}

    def put(self, status: str, number: int, execution: str = "first", **others: Any) -> None:
        item = {"id": ID, "status": status, "sequencer": sequencer(number), "execution": execution, **others}
        self.client.put_item(TableName="images", Item={name: {"S": value} for name, value in item.items()})
