"""What a replay of a failed execution has to do: a pure decision from what is known about it and its image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from imageservice.core.upload_event import as_replay, upload_from_item
from imageservice.failures.failed_execution import overtaken
from imageservice_operator.operations.executions import RUNNING, Execution
from imageservice_operator.operations.images import Image

# What a replay does, or has done, about one image.
REDRIVEN = "redriven"  # the execution continues where it stopped
RESTARTED = "restarted"  # a new execution works on the same upload
ALREADY_RUNNING = "already running"
NOTHING_TO_DO = "nothing to do"
NOT_POSSIBLE = "not possible"


class State(NamedTuple):
    """A state that an execution entered: its type and name, such as ("Task", "Refresh Redis")."""

    type: str
    name: str


@dataclass(frozen=True)
class Plan:
    """One replay. `action` is one of the constants above, `note` says why it is not a redrive.

    `execution` is the one to redrive, which was redriven `redrives` times so far, or the one that a new execution of
    `machine`, started with `event`, replaces.
    `result` is the image's status if there is nothing to do.
    """

    id: str
    action: str
    execution: str | None
    note: str = ""
    result: str | None = None
    redrives: int = 0
    machine: str = "ProcessImage"
    event: Mapping[str, Any] | None = None


def decide(
    execution: Execution,
    image: Image | None,
    last_state: State | None,
    *,
    current: bool = True,
    new_execution: bool = False,
) -> Plan:
    """The plan for `execution`. `image` is its image as it is now, `last_state` the state that it entered last.

    A redrive would run the definition that the execution started with, and the versions of the functions that it names.
    So the plan is none if that is not the `current` definition, nor with `new_execution`.
    """
    image_id = execution.image_id or execution.name
    if execution.status == RUNNING:
        return Plan(image_id, ALREADY_RUNNING, execution.arn)
    if execution.rejected:
        return Plan(image_id, NOTHING_TO_DO, execution.arn, f"Rejected: {execution.cause}", "REJECTED")
    if image is not None and execution.failed and overtaken(execution.failed, image.item):
        return Plan(image_id, NOTHING_TO_DO, image.execution, why_nothing(image), image.status)
    if execution.status == "SUCCEEDED":
        if image is None or not _waits_for(execution, image):
            status = image.status if image else execution.output_status
            return Plan(image_id, NOTHING_TO_DO, execution.arn, "It succeeded.", status)
        return restart(execution, "it ended without its image")
    reason = not_redrivable(execution, last_state)
    if not current:
        reason = "a deployment has changed the workflow or its functions since"
    if new_execution:
        reason = "a new execution was asked for"
    if reason:
        return restart(execution, reason)
    return Plan(image_id, REDRIVEN, execution.arn, redrives=execution.redrive_count)


def restart(execution: Execution, reason: str) -> Plan:
    """The plan for a new execution in place of `execution`, which is not redriven because of `reason`."""
    if execution.image_id is None:
        note = f"Its input is not an upload's event, and {reason}."
        return Plan(execution.name, NOT_POSSIBLE, execution.arn, note)
    return Plan(
        execution.image_id,
        RESTARTED,
        execution.arn,
        f"Restarted: {reason}",
        machine=execution.machine,
        event=as_replay(execution.input),
    )


def decide_forgotten(image_id: str, image: Image | None, execution: str | None) -> Plan:
    """The plan for a failure whose execution Step Functions no longer knows."""
    try:
        upload = upload_from_item(image.item if image else {})
    except KeyError:
        return Plan(image_id, NOT_POSSIBLE, execution, "Neither its execution nor its upload is known.")
    return Plan(
        image_id,
        RESTARTED,
        execution or image_id,
        "Restarted: Step Functions no longer knows its execution",
        event=upload.created_event("Replay"),
    )


def not_redrivable(execution: Execution, last_state: State | None) -> str:
    """Why the failed execution can't be redriven, or why a redrive would not help; empty if it would."""
    if execution.redrive_status != "REDRIVABLE":
        return execution.redrive_reason or f"it is {execution.redrive_status}"
    if last_state is not None and last_state.type == "Fail":
        return f"it ended in the state {last_state.name}, which a redrive only enters again"
    return ""


def _waits_for(execution: Execution, image: Image) -> bool:
    """Whether the image's item still says that this execution processes its latest upload."""
    return image.status in ("PROCESSING", "FAILED") and image.execution == execution.arn


def why_nothing(image: Image) -> str:
    """Why an image needs no replay."""
    if image.status == "REJECTED":
        return f"Rejected: {(image.error or {}).get('cause', 'the image is bad')}"
    return {
        "PROCESSING": "Its workflow is running.",
        "DELETED": "The image was removed.",
    }.get(image.status or "", "Its latest upload is READY.")
