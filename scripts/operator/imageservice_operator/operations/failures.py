"""What failed and is not put right yet, grouped by error, with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from imageservice.adapters.executions import FAILED_STATUSES
from imageservice.failures.advice import Advice, advice_on
from imageservice_operator.operations import executions, images
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.stack import Stack

# Redrives are possible for so long; what failed earlier is in the table all the same.
LOOK_BACK = timedelta(days=14)
_DESCRIBED_AT_MOST = 2000


@dataclass(frozen=True)
class FailedImage:
    """One failure. `machine` is ProcessImage or RemoveImage; `recorded` whether the image's item says FAILED.

    `status` is the image's: None where not even its item could be written. `at` is when it failed, ISO 8601.
    """

    id: str
    execution: str | None
    machine: str
    name: str
    cause: str
    at: str
    status: str | None
    recorded: bool

    @property
    def advice(self) -> Advice:
        return advice_on(self.name, self.cause)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Group:
    """The failures of one error, newest first. `cause` is the newest one's."""

    name: str
    cause: str
    advice: Advice
    failures: Sequence[FailedImage]

    def as_json(self) -> dict[str, Any]:
        return {
            "error": self.name,
            "cause": self.cause,
            "meaning": self.advice.meaning,
            "remedy": self.advice.remedy,
            "replay": self.advice.replay,
            "count": len(self.failures),
            "failures": [failure.as_json() for failure in self.failures],
        }


def failed(
    stack: Stack, *, since: datetime | None = None, error: str | None = None, limit: int | None = None
) -> list[FailedImage]:
    """What failed since `since` (default: ever, as the table has it) with that error's name, newest first.

    Beside the images that are FAILED: failed executions that no item tells of, because the failure's event was lost or
    the table could not be written, and removals that failed. Of those the last 14 days are looked at.
    """
    found = {each.id: each for each in _recorded(stack, since)}
    for each in _unrecorded(stack, since or datetime.now(UTC) - LOOK_BACK):
        found.setdefault(each.id, each)
    chosen = [each for each in found.values() if error is None or each.name == error]
    chosen.sort(key=lambda each: each.at, reverse=True)
    return chosen[:limit]


def grouped(failures: Sequence[FailedImage]) -> list[Group]:
    """The failures by error, the most frequent first."""
    by_name: dict[str, list[FailedImage]] = {}
    for each in failures:
        by_name.setdefault(each.name, []).append(each)
    groups = [Group(name, some[0].cause, some[0].advice, some) for name, some in by_name.items()]
    return sorted(groups, key=lambda group: len(group.failures), reverse=True)


def failure_of_image(stack: Stack, image: images.Image) -> FailedImage | None:
    """The failure of one image, None where it has none that is still to be put right."""
    if image.status == "FAILED" or (image.error and image.status != "REJECTED"):
        return _from_item(stack, image)
    if image.status != "PROCESSING" or not image.execution:
        return None
    described = next(executions.describe_many(stack, [image.execution]), None)
    return _from_execution(described, image) if described else _lost(image)


def _recorded(stack: Stack, since: datetime | None) -> Iterator[FailedImage]:
    for image in images.every(stack, status="FAILED"):
        if since and image.updated_at < _text(since):
            return
        yield _from_item(stack, image)


def _unrecorded(stack: Stack, since: datetime) -> Iterator[FailedImage]:
    """Failed executions that no item accounts for, and that nothing has overtaken since."""
    known = {image.execution for image in _told_of(stack, since)}
    arns = []
    for machine in ("ProcessImage", "RemoveImage"):
        for status in FAILED_STATUSES:
            listed = executions.of_status(stack, status, machine, since)
            arns += [each.arn for each in listed if each.arn not in known]
    described = [each for each in executions.describe_many(stack, arns[:_DESCRIBED_AT_MOST]) if each.image_id]
    # Rejections stay FAILED in Step Functions' eyes, and most of them are in the table.
    described = [each for each in described if not each.rejected]
    items = images.get_many(stack, [str(each.image_id) for each in described])
    for each in described:
        image = items.get(str(each.image_id))
        if not overtaken(each, image):
            failure = _from_execution(each, image)
            if failure:
                yield failure


def overtaken(execution: Execution, image: images.Image | None) -> bool:
    """Whether a failed execution is of no more concern: its work was done by another, or a newer upload has come."""
    if image is None or not image.item.get("sequencer"):
        return False
    known, own = image.item["sequencer"], execution.sequencer or ""
    if known != own:
        return bool(known > own)
    if execution.machine == "RemoveImage":
        return not image.error
    return image.status in ("READY", "REJECTED", "DELETED") or (
        image.status == "PROCESSING" and image.execution != execution.arn
    )


def _told_of(stack: Stack, since: datetime) -> Iterator[images.Image]:
    """The images whose item names their failed execution, so that it need not be described."""
    for status in ("FAILED", "REJECTED"):
        for image in images.every(stack, status=status):
            if image.updated_at < _text(since):
                break
            yield image


def _from_item(stack: Stack, image: images.Image) -> FailedImage:
    error: Mapping[str, Any] = image.error or {}
    # A removal that failed at its very beginning has not become the image's execution.
    execution = error.get("execution") or image.execution
    removal = bool(execution and execution.startswith(_prefix(stack, "RemoveImage")))
    return FailedImage(
        id=image.id,
        execution=execution,
        machine="RemoveImage" if removal else "ProcessImage",
        name=error.get("name", "Unknown"),
        cause=error.get("cause", ""),
        at=image.updated_at,
        status=image.status,
        recorded=True,
    )


def _from_execution(execution: Execution, image: images.Image | None) -> FailedImage | None:
    failure = execution.failure
    if failure is None or execution.rejected:
        return None
    return FailedImage(
        id=str(execution.image_id),
        execution=execution.arn,
        machine=execution.machine,
        name=failure["name"],
        cause=failure["cause"],
        at=_text(execution.stopped or execution.started),
        status=image.status if image else None,
        recorded=False,
    )


def _lost(image: images.Image) -> FailedImage:
    return FailedImage(
        id=image.id,
        execution=image.execution,
        machine="ProcessImage",
        name="WorkflowLost",
        cause="Step Functions does not know the image's execution any more.",
        at=image.updated_at,
        status=image.status,
        recorded=False,
    )


def _prefix(stack: Stack, machine: str) -> str:
    """What the ARNs of a machine's executions begin with."""
    return stack.machine_arn(machine).replace(":stateMachine:", ":execution:") + ":"


def _text(moment: datetime) -> str:
    """As the workflows write times: ISO 8601 in UTC, milliseconds, Z; so that they compare as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
