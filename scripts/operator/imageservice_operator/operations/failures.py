"""What failed and is not repaired yet, grouped by error, with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.core.timestamps import to_text
from imageservice.failures.advice import Advice, advice_on
from imageservice.failures.failed_execution import FailedExecution, overtaken
from imageservice.failures.unreported import unreported
from imageservice_operator.operations import executions, images
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.stack import Stack

# How long an execution can be redriven. What failed earlier is still in the table.
LOOK_BACK = timedelta(days=14)
_DESCRIBED_AT_MOST = 2000


@dataclass(frozen=True)
class FailedImage:
    """One failure. `machine` is ProcessImage or RemoveImage; `recorded` is whether the image's item says FAILED.

    `status` is the image's: None if not even its item could be written. `at` is when it failed, ISO 8601.
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
    """What failed since `since` (default: everything in the table) with the error's name `error`, newest first.

    Besides the images that are FAILED, these are removals that failed, and failed executions that no item reports
    because the failure's event was lost or the table could not be written: those of the last 14 days.

    Raises BadRequest if something failed, but nothing with this error: its name may be mistyped.
    """
    # An image may have two: of its latest upload, and of an older one, which is served if the latest is bad.
    found = {(each.id, each.execution): each for each in _recorded(stack, since)}
    for each in _unreported(stack, since or datetime.now(UTC) - LOOK_BACK):
        found.setdefault((each.id, each.execution), each)
    chosen = [each for each in found.values() if error is None or each.name == error]
    if found and not chosen:
        names = ", ".join(sorted({each.name for each in found.values()}))
        raise BadRequest(f"Nothing failed with the error {error}; what failed: {names}.")
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
    """The failure of one image; None if it has none, or if it is repaired."""
    if image.status == "FAILED" or (image.error and image.status != "REJECTED"):
        return _from_item(stack, image)
    if image.status != "PROCESSING" or not image.execution:
        return None
    execution = next(executions.describe_many(stack, [image.execution]), None)
    if execution is None:
        return _lost(image)
    failed = execution.failed
    return _from_execution(failed, image) if failed and failed.is_incident else None


def _recorded(stack: Stack, since: datetime | None) -> Iterator[FailedImage]:
    for image in images.every(stack, status="FAILED"):
        if since and image.updated_at < to_text(since):
            return
        yield _from_item(stack, image)


def _unreported(stack: Stack, since: datetime) -> Iterator[FailedImage]:
    """Failed executions that no item reports, and that nothing has overtaken since."""
    found = unreported(
        ImageTable(stack.client("dynamodb"), stack.image_table),
        Executions(stack.client("stepfunctions")),
        [stack.machine_arn(machine) for machine in ("ProcessImage", "RemoveImage")],
        since,
        until=datetime.now(UTC),
        limit=_DESCRIBED_AT_MOST,
    )
    failed = list(found)
    known = images.get_many(stack, [each.upload.id for each in failed])
    for each in failed:
        image = known.get(each.upload.id)
        if not overtaken(each, image.item if image else None) and not _is_recorded(each, image):
            yield _from_execution(each, image)


def _is_recorded(failed: FailedExecution, image: images.Image | None) -> bool:
    """Whether the image's item has the failure of another execution of the same upload: a replay of that one helps."""
    return bool(image and image.status == "FAILED" and image.item.get("sequencer") == failed.upload.sequencer)


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


def _from_execution(failed: FailedExecution, image: images.Image | None) -> FailedImage:
    return FailedImage(
        id=failed.upload.id,
        execution=failed.arn,
        machine=failed.workflow,
        name=failed.failure["name"],
        cause=failed.failure["cause"],
        at=to_text(failed.stopped) if failed.stopped else "",
        status=image.status if image else None,
        recorded=False,
    )


def _lost(image: images.Image) -> FailedImage:
    return FailedImage(
        id=image.id,
        execution=image.execution,
        machine="ProcessImage",
        name="WorkflowLost",
        cause="Step Functions no longer knows the image's execution.",
        at=image.updated_at,
        status=image.status,
        recorded=False,
    )


def _prefix(stack: Stack, machine: str) -> str:
    """The beginning of the ARNs of a machine's executions."""
    return stack.machine_arn(machine).replace(":stateMachine:", ":execution:") + ":"
