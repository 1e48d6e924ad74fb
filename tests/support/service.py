"""A running stack as its users meet it: originals go into the bucket, and their items say what happened to them."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waiting import until

from imageservice.adapters.image_table import ImageTable
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.uploads import SETTLED


@dataclass(frozen=True)
class Service:
    """A running stack, and what many tests do with it."""

    stack: Stack

    def upload(self, original: Path | bytes, image_id: str | None = None) -> str:
        """Puts an original into the source bucket; returns its id, which is new unless it is passed."""
        key = image_id or f"{uuid.uuid4().hex[:8]}/photo"
        data = original if isinstance(original, bytes) else original.read_bytes()
        self.stack.client("s3").put_object(Bucket=self.stack.outputs["SourceBucketName"], Key=key, Body=data)
        return key

    def item(self, image_id: str) -> dict[str, Any] | None:
        """The image's item, in Python's own types."""
        return ImageTable(self.stack.client("dynamodb"), self.stack.outputs["ImageTableName"]).get(image_id)

    def until(self, image_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The image's item once the condition holds for it."""

        def item() -> dict[str, Any] | None:
            found = self.item(image_id)
            return found if found and holds(found) else None

        return until(item, lambda: f"{image_id} is {self.item(image_id)}")

    def reaches(self, image_id: str, status: str) -> dict[str, Any]:
        """The image's item once it has that status."""
        return self.until(image_id, lambda item: bool(item["status"] == status))

    def settled(self, image_id: str, revision: int = 0) -> dict[str, Any]:
        """The image's item once its processing or removal has ended, and its revision is at least that one."""
        return self.until(
            image_id, lambda item: item["status"] in SETTLED and item.get("revision", 0) >= revision
        )

    def all_settled(self, image_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Their items once all have settled. The time limit is for each one, not for all."""
        return [self.settled(image_id) for image_id in image_ids]

    def executions(self, image_id: str) -> list[str]:
        """The status of every execution of ProcessImage that has this image as its input."""
        states = self.stack.client("stepfunctions")
        listed = states.list_executions(
            stateMachineArn=self.stack.outputs["ProcessImageArn"], maxResults=1000
        )
        arns = (execution["executionArn"] for execution in listed["executions"])
        descriptions = (states.describe_execution(executionArn=arn) for arn in arns)
        return [one["status"] for one in descriptions if f'"{image_id}"' in one["input"]]

    def history(self, execution: str) -> list[dict[str, Any]]:
        """All events of an execution, oldest first."""
        events: Any = self.stack.client("stepfunctions").get_execution_history(
            executionArn=execution, maxResults=1000
        )["events"]
        return list(events)

    def executed(self, image_id: str) -> str:
        """The latest execution that processes the image, as soon as there is one."""
        return str(self.until(image_id, lambda item: "execution" in item)["execution"])

    def ended(self, execution: str) -> str:
        """The status of an execution once it has ended."""
        states = self.stack.client("stepfunctions")

        def status() -> str | None:
            found: str = states.describe_execution(executionArn=execution)["status"]
            return found if found != "RUNNING" else None

        return str(until(status, f"{execution} runs"))

    def page_url(self, path: str = "/") -> str:
        """The URL of a page of the stack's console."""
        return f"{self.stack.console_url}{path}"
