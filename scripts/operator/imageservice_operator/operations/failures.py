"""What failed and is not repaired yet, grouped by error, with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.core.timestamps import to_text
from imageservice.failures.advice import Advice, advice_on
from imageservice.failures.failed_execution import FailedExecution, overtaken
from imageservice.failures.stuck import stuck
from imageservice.failures.unreported import unreported
from imageservice_operator.operations import executions, images
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.stack import Stack

# How long an execution can be redriven. What failed earlier is still in the table.
LOOK_BACK = timedelta(days=14)
WORKFLOWS = ("ProcessImage", "RemoveImage")
DESCRIBED_AT_MOST = 2000
"""How many failed executions that no item reports are looked at; AWS lets 15 be described a second."""
# An image that has changed within this time is left to its execution's events, as the reconciler does.
_GRACE = timedelta(minutes=10)
_AT_ONCE = 8


@dataclass(frozen=True)
class FailedImage:
    """One failure. `machine` is ProcessImage or RemoveImage; `recorded` is whether the image's item has the failure.

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
    stack: Stack,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    error: str | None = None,
    workflow: str | None = None,
    limit: int | None = None,
) -> list[FailedImage]:
    """What failed from `since` (default: everything in the table) to `until` (default: now), newest first.

    `error` is the error's name, `workflow` ProcessImage or RemoveImage. Besides the images that are FAILED, these are
    removals that failed; failed executions that no item reports because the failure's event was lost or the table
    could not be written: those of the last 14 days; and images that are PROCESSING without a running execution.

    Raises BadRequest if something failed, but nothing with this error: its name may be mistyped.
    """
    # A failure that is recorded meanwhile must be in one of the two: so the items are read last. An image may have two
    # failures: of its latest upload, and of an older one, which is served if the latest is bad.
    unrecorded = [*_stuck(stack), *_unreported(stack, since or datetime.now(UTC) - LOOK_BACK)]
    found = {(each.id, each.execution): each for each in [*unrecorded, *_recorded(stack, since)]}
    chosen = chosen_from(found.values(), since=since, until=until, workflow=workflow)
    if error is not None:
        names = sorted({each.name for each in chosen})
        chosen = [each for each in chosen if each.name == error]
        if names and not chosen:
            raise BadRequest(f"Nothing failed with the error {error}; what failed: {', '.join(names)}.")
    chosen.sort(key=lambda each: each.at, reverse=True)
    return chosen[:limit]


def chosen_from(
    failures: Iterable[FailedImage],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    error: str | None = None,
    workflow: str | None = None,
) -> list[FailedImage]:
    """The failures that match all of what is given, in their order."""
    first, last = to_text(since) if since else "", to_text(until) if until else "~"
    return [
        each
        for each in failures
        if first <= each.at <= last and error in (None, each.name) and workflow in (None, each.machine)
    ]


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
    table, states = _stores(stack)
    if image.status == "PROCESSING" and image.execution:
        found = stuck(table, states, image.item)
        return _from_execution(found, image) if found and found.is_incident else None
    if image.status == "DELETED" and "replaced" in image.item and image.execution:
        execution = next(executions.describe_many(stack, [image.execution]), None)
        if execution and execution.failed and not overtaken(execution.failed, image.item):
            return _from_execution(execution.failed, image)
    return None


def _recorded(stack: Stack, since: datetime | None) -> Iterator[FailedImage]:
    for image in images.every(stack, status="FAILED"):
        if since and image.updated_at < to_text(since):
            return
        yield _from_item(stack, image)


def _unreported(stack: Stack, since: datetime) -> Iterator[FailedImage]:
    """Failed executions that no item reports, and that nothing has overtaken since."""
    found = unreported(
        *_stores(stack),
        [stack.machine_arn(workflow) for workflow in WORKFLOWS],
        since,
        until=datetime.now(UTC),
        limit=DESCRIBED_AT_MOST,
    )
    failed = list(found)
    known = images.get_many(stack, [each.upload.id for each in failed])
    for each in failed:
        image = known.get(each.upload.id)
        if not overtaken(each, image.item if image else None) and not _is_recorded(each, image):
            yield _from_execution(each, image)


def _stuck(stack: Stack) -> Iterator[FailedImage]:
    """Images that are PROCESSING for long, and whose execution does not run."""
    table, states = _stores(stack)
    waiting = table.with_status("PROCESSING", until=datetime.now(UTC) - _GRACE)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        entries = list(islice(waiting, DESCRIBED_AT_MOST))
        for entry, found in zip(entries, pool.map(partial(stuck, table, states), entries), strict=True):
            if found and found.is_incident:
                yield _from_execution(found, images.image_of(entry))


def _stores(stack: Stack) -> tuple[ImageTable, Executions]:
    return (
        ImageTable(stack.client("dynamodb"), stack.image_table),
        Executions(stack.client("stepfunctions")),
    )


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
        at=to_text(failed.stopped) if failed.stopped else image.updated_at if image else "",
        status=image.status if image else None,
        # A removal that failed leaves its error beside the item's status.
        recorded=bool(image and (image.error or {}).get("execution") == failed.arn),
    )


def _prefix(stack: Stack, machine: str) -> str:
    """The beginning of the ARNs of a machine's executions."""
    return stack.machine_arn(machine).replace(":stateMachine:", ":execution:") + ":"
