"""Executions of the workflows: one with its history, or those of an image or of a status."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from imageservice.adapters.executions import FAILED_STATUSES
from imageservice.core.manifest import Failure
from imageservice.core.timestamps import to_text
from imageservice.core.upload_event import is_removal, upload_from_event
from imageservice.failures.failed_execution import FailedExecution, failure_of
from imageservice_operator.operations import audit
from imageservice_operator.operations.errors import ExecutionNotFound
from imageservice_operator.operations.stack import MACHINES, Stack

RUNNING = "RUNNING"
ENDED = ("SUCCEEDED", *FAILED_STATUSES)
_AT_ONCE = 8
GONE = ("ExecutionDoesNotExist", "StateMachineDoesNotExist", "ResourceNotFound")
"""Step Functions' errors for an execution that it does not know, or no longer knows."""


@dataclass(frozen=True)
class Execution:
    """One execution as Step Functions describes it. `machine` is the state machine's name in the template.

    `image_id` is None where the input is not an upload's event. `error` and `cause` are as raised; `failure` has them
    in words for people. `redrive_status` is REDRIVABLE, NOT_REDRIVABLE or REDRIVABLE_BY_MAP_RUN.
    """

    arn: str
    name: str
    machine: str
    status: str
    started: datetime
    stopped: datetime | None
    input: Any
    output: Any
    error: str | None
    cause: str | None
    redrive_count: int
    redrive_status: str
    redrive_reason: str | None
    image_id: str | None
    sequencer: str | None

    @property
    def failure(self) -> Failure | None:
        """The error's name and its cause in words for people; None unless the execution failed."""
        return failure_of(self.status, self.error, self.cause) if self.status in FAILED_STATUSES else None

    @property
    def failed(self) -> FailedExecution | None:
        """The failure as the functions record it; None unless the execution failed on an upload's event."""
        if self.failure is None or self.image_id is None:
            return None
        upload = upload_from_event(self.input)
        removal = is_removal(self.input)
        return FailedExecution(self.arn, self.redrive_count, upload, removal, self.failure, self.stopped)

    @property
    def detail(self) -> Mapping[str, Any]:
        """The detail of the event in its input; empty if its input is not an event."""
        detail = self.input.get("detail") if isinstance(self.input, Mapping) else None
        return detail if isinstance(detail, Mapping) else {}

    @property
    def rejected(self) -> bool:
        """Whether the image was bad, which is not the workflow's failure."""
        return self.status == "FAILED" and self.error == "ImageRejected"

    @property
    def output_status(self) -> str:
        """What it ended with: the status in its output (READY, SUPERSEDED, DELETED), REJECTED, or its own status."""
        output = self.output if isinstance(self.output, dict) else {}
        return "REJECTED" if self.rejected else str(output.get("status", self.status))

    def as_listed(self) -> Listed:
        """What a listing says of it."""
        return Listed(
            arn=self.arn,
            name=self.name,
            machine=self.machine,
            status=self.status,
            started=self.started,
            stopped=self.stopped,
            redrive_count=self.redrive_count,
        )

    def as_json(self) -> dict[str, Any]:
        fields = {**asdict(self), "failure": self.failure}
        times = {name: to_text(value) for name, value in fields.items() if isinstance(value, datetime)}
        return {**fields, **times}


@dataclass(frozen=True)
class Listed:
    """An execution in a listing: its input, error and cause come with `describe` alone."""

    arn: str
    name: str
    machine: str
    status: str
    started: datetime
    stopped: datetime | None
    redrive_count: int


def describe(stack: Stack, arn: str) -> Execution:
    """The execution. Raises ExecutionNotFound."""
    try:
        answer = stack.client("stepfunctions").describe_execution(executionArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in (*GONE, "InvalidArn", "ValidationException"):
            raise ExecutionNotFound(
                f"Step Functions does not know {arn}; it forgets one 90 days after its end."
            ) from error
        raise
    event = json.loads(answer.get("input") or "{}")
    upload = None
    if isinstance(event, dict):
        try:
            upload = upload_from_event(event)
        except (KeyError, TypeError):
            upload = None  # ReprocessImages, or one that was started by hand
    return Execution(
        arn=answer["executionArn"],
        name=answer["name"],
        machine=_machine_of(stack, answer["stateMachineArn"]),
        status=answer["status"],
        started=answer["startDate"],
        stopped=answer.get("stopDate"),
        input=event,
        output=json.loads(answer["output"]) if answer.get("output") else None,
        error=answer.get("error"),
        cause=answer.get("cause"),
        redrive_count=answer.get("redriveCount", 0),
        redrive_status=answer.get("redriveStatus", "NOT_REDRIVABLE"),
        redrive_reason=answer.get("redriveStatusReason"),
        image_id=upload.id if upload else None,
        sequencer=upload.sequencer if upload else None,
    )


def describe_many(stack: Stack, arns: Sequence[str]) -> Iterator[Execution]:
    """Those of the executions that Step Functions still knows, in the given order; described in parallel."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from (found for found in pool.map(lambda arn: _described_or_none(stack, arn), arns) if found)


def history(stack: Stack, arn: str) -> list[dict[str, Any]]:
    """All events of the execution, oldest first, as GetExecutionHistory gives them. Raises ExecutionNotFound."""
    pages = stack.client("stepfunctions").get_paginator("get_execution_history")
    try:
        return [
            dict(event)
            for page in pages.paginate(
                executionArn=arn, includeExecutionData=True, PaginationConfig={"PageSize": 1000}
            )
            for event in page["events"]
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            raise ExecutionNotFound(
                f"Step Functions does not know {arn}; it forgets one 90 days after its end."
            ) from error
        raise


def last_state(stack: Stack, arn: str) -> tuple[str, str] | None:
    """Type and name of the state that was entered last, such as ("Task", "Refresh Redis"); None if none was entered."""
    client = stack.client("stepfunctions")
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=arn, reverseOrder=True, PaginationConfig={"PageSize": 100}
    )
    for page in pages:
        for event in page["events"]:
            if event["type"].endswith("StateEntered"):
                return event["type"].removesuffix("StateEntered"), event["stateEnteredEventDetails"]["name"]
    return None


def definition(stack: Stack, arn: str) -> dict[str, Any]:
    """The state machine's definition that the execution runs, whatever was deployed since."""
    answer = stack.client("stepfunctions").describe_state_machine_for_execution(executionArn=arn)
    parsed: dict[str, Any] = json.loads(answer["definition"])
    return parsed


def of_status(
    stack: Stack,
    status: str | None = None,
    machine: str = "ProcessImage",
    since: datetime | None = None,
    page_size: int = 100,
) -> Iterator[Listed]:
    """A machine's executions of a status (or any), newest first, down to those started before `since`.

    `page_size` of them come with a call, at most 1,000; the next call is made when they are used up.
    """
    only: dict[str, Any] = {"statusFilter": status} if status else {}
    pages = stack.client("stepfunctions").get_paginator("list_executions")
    config: Any = {"PageSize": page_size}
    for page in pages.paginate(stateMachineArn=stack.machine_arn(machine), PaginationConfig=config, **only):
        for each in page["executions"]:
            if since and each["startDate"] < since:
                return
            yield Listed(
                arn=each["executionArn"],
                name=each["name"],
                machine=machine,
                status=each["status"],
                started=each["startDate"],
                stopped=each.get("stopDate"),
                redrive_count=each.get("redriveCount", 0),
            )


def stop(stack: Stack, arn: str, cause: str = "Stopped by an operator.") -> bool:
    """Stops an execution; its image becomes FAILED, and a replay resumes it. False if it had ended before.

    Raises ExecutionNotFound.
    """
    running = describe(stack, arn)
    if running.status != RUNNING:
        return False
    with audit.recorded(stack, "stop", image=running.image_id, execution=arn):
        stack.client("stepfunctions").stop_execution(executionArn=arn, error="Stopped", cause=cause)
    return True


def _described_or_none(stack: Stack, arn: str) -> Execution | None:
    try:
        return describe(stack, arn)
    except ExecutionNotFound:
        return None


def _machine_of(stack: Stack, machine_arn: str) -> str:
    ours = {stack.outputs.get(output): name for name, output in MACHINES.items()}
    return ours.get(machine_arn, machine_arn.rpartition(":")[2])
