"""Failed work taken up again: redriven where it stopped, or started anew from the stored upload.

Safe to run twice, also at once: a redrive carries a token derived from the execution and how often it was redriven, a
new execution a name derived from the one it stands in for, and the workflow's own writes are conditional.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from imageservice_operator.operations import executions, images
from imageservice_operator.operations.errors import ImageNotFound
from imageservice_operator.operations.executions import RUNNING, Execution
from imageservice_operator.operations.failures import FailedImage, failure_of_image, overtaken
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.pacing import paced
from imageservice_operator.operations.stack import Stack

# What became of one replay, at once or, with `followed`, in the end.
REDRIVEN, STARTED, RUNNING_ALREADY, NOTHING_TO_DO, NOT_POSSIBLE = (
    "redriven",
    "started anew",
    "running already",
    "nothing to do",
    "not possible",
)
PER_SECOND = 5.0
_CHAIN = 25  # new executions in place of one another, each of which failed


@dataclass(frozen=True)
class Outcome:
    """What was done about one image. `execution` is the one that works on it now; `result` the status it ended with.

    `action` is one of the constants above; `note` says why nothing was done, or why a new execution was needed.
    """

    id: str
    action: str
    execution: str | None = None
    note: str = ""
    result: str | None = None

    @property
    def begun(self) -> bool:
        return self.action in (REDRIVEN, STARTED, RUNNING_ALREADY)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def replay(
    stack: Stack,
    failures: Sequence[FailedImage],
    *,
    dry_run: bool = False,
    anew: bool = False,
    per_second: float = PER_SECOND,
    on_outcome: Callable[[Outcome], Any] | None = None,
) -> list[Outcome]:
    """Replays each failure, `per_second` of them at most. With `anew`, never by a redrive, which would run the old
    definition of the workflow again. With `dry_run`, only says what would be done."""
    outcomes = []
    for failure in paced(failures, per_second) if not dry_run else failures:
        try:
            outcome = replay_one(stack, failure, dry_run=dry_run, anew=anew)
        except ClientError as error:  # one that AWS refuses does not keep the others from it
            outcome = Outcome(failure.id, NOT_POSSIBLE, failure.execution, str(error))
        outcomes.append(outcome)
        if on_outcome:
            on_outcome(outcome)
    return outcomes


def replay_image(stack: Stack, image_id: str, *, dry_run: bool = False, anew: bool = False) -> Outcome:
    """Replays what failed of one image. Raises ImageNotFound where nothing is known of it."""
    image = images.get(stack, image_id)
    failure = failure_of_image(stack, image)
    if failure is None:
        return Outcome(image_id, NOTHING_TO_DO, image.execution, _why_nothing(image), image.status)
    return replay_one(stack, failure, dry_run=dry_run, anew=anew)


def replay_execution(stack: Stack, arn: str, *, dry_run: bool = False, anew: bool = False) -> Outcome:
    """Replays one execution, whether or not the image's item names it. Raises ExecutionNotFound."""
    described = executions.describe(stack, arn)
    image = _image_of(stack, described)
    return _replay_described(stack, described, image, dry_run=dry_run, anew=anew)


def replay_one(stack: Stack, failure: FailedImage, *, dry_run: bool = False, anew: bool = False) -> Outcome:
    """Replays one failure, as it is by now: it may have been put right since it was listed."""
    described = (
        next(executions.describe_many(stack, [failure.execution]), None) if failure.execution else None
    )
    try:
        image: Image | None = images.get(stack, failure.id)
    except ImageNotFound:
        image = None
    if described is not None:
        return _replay_described(stack, described, image, dry_run=dry_run, anew=anew)
    if image is None or not image.upload:
        return Outcome(
            failure.id, NOT_POSSIBLE, failure.execution, "Neither its execution nor its upload is known."
        )
    event = _stored_event(image)
    return _start(stack, "ProcessImage", event, failure.execution or image.id, dry_run, "it is forgotten")


def followed(
    stack: Stack,
    outcomes: Sequence[Outcome],
    *,
    timeout: float = 900,
    on_result: Callable[[Outcome], Any] | None = None,
) -> list[Outcome]:
    """The outcomes with what each execution ended with as `result`: its output's status (READY, SUPERSEDED, DELETED),
    otherwise the execution's own (FAILED, or RUNNING after `timeout` seconds)."""
    results: dict[int, Outcome] = {}
    waiting = {
        index: outcome for index, outcome in enumerate(outcomes) if outcome.begun and outcome.execution
    }
    deadline, pause = time.monotonic() + timeout, 0.3
    while waiting:
        arns = {str(outcome.execution): index for index, outcome in waiting.items()}
        late = time.monotonic() > deadline
        for described in executions.describe_many(stack, list(arns)):
            if described.status == RUNNING and not late:
                continue
            index = arns[described.arn]
            results[index] = replace(waiting.pop(index), result=_result(described), note=_note(described))
            if on_result:
                on_result(results[index])
        if late:
            break
        if waiting:
            time.sleep(pause)
            pause = min(pause * 1.3, 3.0)
    return [results.get(index, outcome) for index, outcome in enumerate(outcomes)]


def _replay_described(
    stack: Stack, described: Execution, image: Image | None, *, dry_run: bool, anew: bool
) -> Outcome:
    image_id = described.image_id or described.name
    if described.status == RUNNING:
        return Outcome(image_id, RUNNING_ALREADY, described.arn)
    if described.rejected:
        return Outcome(image_id, NOTHING_TO_DO, described.arn, f"Rejected: {described.cause}", "REJECTED")
    if image is not None and image.item.get("sequencer") and overtaken(described, image):
        return Outcome(image_id, NOTHING_TO_DO, image.execution, _why_nothing(image), image.status)
    if described.status == "SUCCEEDED":
        if image is None or image.status in ("READY", "DELETED", "REJECTED"):
            return Outcome(
                image_id, NOTHING_TO_DO, described.arn, "It succeeded.", image.status if image else None
            )
        return _start(
            stack, described.machine, _again(described), described.arn, dry_run, "it ended without its image"
        )
    reason = "a new execution was asked for" if anew else _not_redrivable(stack, described)
    if reason and described.image_id is None:
        return Outcome(image_id, NOT_POSSIBLE, described.arn, f"It is no upload's, and {reason}.")
    if reason:
        return _start(stack, described.machine, _again(described), described.arn, dry_run, reason, anew=anew)
    return _redrive(stack, described, image_id, dry_run)


def _not_redrivable(stack: Stack, described: Execution) -> str:
    """Why a redrive can't be, or can't help; empty where it can."""
    if described.redrive_status != "REDRIVABLE":
        return described.redrive_reason or f"it is {described.redrive_status}"
    last = executions.last_state(stack, described.arn)
    if last is not None and last[0] == "Fail":
        return f"it ended in the state {last[1]}, which a redrive only enters again"
    return ""


def _redrive(stack: Stack, described: Execution, image_id: str, dry_run: bool) -> Outcome:
    if dry_run:
        return Outcome(image_id, REDRIVEN, described.arn, "dry run")
    token = _derived(described.arn, str(described.redrive_count))
    try:
        stack.client("stepfunctions").redrive_execution(executionArn=described.arn, clientToken=token)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionNotRedrivable":
            raise
        now = executions.describe(stack, described.arn)
        if now.status == RUNNING or now.redrive_count > described.redrive_count:
            return Outcome(image_id, RUNNING_ALREADY, described.arn, "Another replay was faster.")
        note = error.response["Error"].get("Message", "it can't be redriven")
        return _start(stack, described.machine, _again(described), described.arn, dry_run, note)
    return Outcome(image_id, REDRIVEN, described.arn)


def _start(
    stack: Stack,
    machine: str,
    event: Mapping[str, Any],
    instead_of: str,
    dry_run: bool,
    reason: str,
    *,
    anew: bool = False,
) -> Outcome:
    """Starts the machine on `event` in place of the execution `instead_of`, once: the name is derived from that one."""
    image_id = event["detail"]["object"]["key"]
    if dry_run:
        return Outcome(image_id, STARTED, None, f"dry run: {reason}")
    client, machine_arn = stack.client("stepfunctions"), stack.machine_arn(machine)
    for _ in range(_CHAIN):
        name = f"replay-{_derived(instead_of)}"
        arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        try:
            client.start_execution(stateMachineArn=machine_arn, name=name, input=json.dumps(event))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            earlier = executions.describe(stack, arn)
            if earlier.status == RUNNING:
                return Outcome(image_id, RUNNING_ALREADY, arn, "Another replay was faster.")
            if earlier.status == "SUCCEEDED":
                return Outcome(
                    image_id, NOTHING_TO_DO, arn, "An earlier replay has done it.", _result(earlier)
                )
            if not anew and not _not_redrivable(stack, earlier):
                return _redrive(stack, earlier, image_id, dry_run)
            instead_of = arn
            continue
        return Outcome(image_id, STARTED, arn, f"Started anew: {reason}")
    return Outcome(image_id, NOT_POSSIBLE, instead_of, f"It failed {_CHAIN} times anew; look at its history.")


def _again(described: Execution) -> dict[str, Any]:
    """The execution's own event, marked as a replay."""
    event = dict(described.input)
    reason = event["detail"].get("reason")
    # A reprocessing stays one: it is what makes an image that is READY be looked at again.
    return {**event, "detail": {**event["detail"], "reason": reason if reason == "Reprocess" else "Replay"}}


def _stored_event(image: Image) -> dict[str, Any]:
    """An Object Created event out of the item's upload and sequencer."""
    upload = image.upload
    described = {
        "key": image.id,
        "size": upload.get("bytes"),
        "etag": upload.get("etag"),
        "version-id": upload.get("version_id"),
        "sequencer": image.item["sequencer"],
    }
    return {
        "source": "image-service",
        "detail-type": "Object Created",
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "detail": {
            "reason": "Replay",
            "bucket": {"name": upload["bucket"]},
            "object": {name: value for name, value in described.items() if value is not None},
        },
    }


def _image_of(stack: Stack, described: Execution) -> Image | None:
    if described.image_id is None:
        return None
    return images.get_many(stack, [described.image_id]).get(described.image_id)


def _derived(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def _result(described: Execution) -> str:
    output = described.output if isinstance(described.output, dict) else {}
    return "REJECTED" if described.rejected else str(output.get("status", described.status))


def _note(described: Execution) -> str:
    return described.failure["cause"] if described.failure else ""


def _why_nothing(image: Image) -> str:
    if image.status == "REJECTED":
        return f"Rejected: {(image.error or {}).get('cause', 'the image is bad')}"
    return {
        "PROCESSING": "Its workflow is running.",
        "DELETED": "The image was removed.",
    }.get(image.status or "", "Its latest upload is READY.")
