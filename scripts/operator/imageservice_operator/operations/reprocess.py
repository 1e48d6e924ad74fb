"""Makes renditions again after the plan or the engine has changed, with the workflow ReprocessImages."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, NotRequired, TypedDict

from imageservice.core.keys import run_tag
from imageservice_operator.operations import audit, becoming_private, cost, executions, map_runs, usage
from imageservice_operator.operations.errors import BadRequest, OperationFailed
from imageservice_operator.operations.images import STATUSES, check_keys
from imageservice_operator.operations.plan import live_plan
from imageservice_operator.operations.stack import Stack

CONCURRENCY = 20
NEW = "NEW"
"""In `only`: originals that no workflow has processed yet."""
_BATCH = 100
_AT_ONCE = 8
_SAMPLE = 5  # uploads that an estimate is counted from


@dataclass(frozen=True)
class Selection:
    """The originals whose ids begin with `prefix` and whose image has a status in `only` (none: any status).

    With `force`, images that are up to date or were rejected are included. Raises BadRequest for an unknown status.
    """

    prefix: str = ""
    only: Sequence[str] = ()
    force: bool = False

    def __post_init__(self) -> None:
        unknown = sorted(set(self.only) - {*STATUSES, NEW})
        if unknown:
            raise BadRequest(
                f"{', '.join(unknown)} is not a status; there are {', '.join((*STATUSES, NEW))}."
            )


@dataclass(frozen=True)
class Estimate:
    """What a reprocessing would do: originals by decision (PROCESS, UP_TO_DATE, …), and what it would cost in dollars.

    `complete` is False if only the first originals were looked at. `purges` are those of images that become private,
    each of which purges the edge by itself.
    """

    decisions: Mapping[str, int]
    dollars: float
    complete: bool
    keys: Sequence[str] = field(repr=False, default=())
    purges: int = 0

    @property
    def to_make(self) -> int:
        return self.decisions.get("PROCESS", 0)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "to_make": self.to_make}


class Original(TypedDict):
    """An original to decide about. `etag` is its etag in the bucket, without quotes."""

    key: str
    etag: NotRequired[str]


@dataclass(frozen=True)
class Progress:
    """A run's progress. `counts` are the Map Run's: total, pending, running, succeeded, failed, aborted, timedOut."""

    execution: str
    status: str
    counts: Mapping[str, int]
    report: str | None = None

    @property
    def done(self) -> int:
        return sum(self.counts.get(name, 0) for name in ("succeeded", "failed", "aborted", "timedOut"))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def estimate(
    stack: Stack,
    selection: Selection,
    *,
    limit: int | None = None,
    on_progress: Callable[[int], Any] | None = None,
) -> Estimate:
    """What `start` would do with the selection. It asks the function that `start` uses, and changes nothing.

    `limit` bounds how many originals are looked at. `on_progress` gets their number so far.
    """
    decisions: Counter[str] = Counter()
    keys: list[str] = []
    complete = True
    batches = list(_batches(stack, selection.prefix, limit))
    if limit is not None and sum(map(len, batches)) > limit:
        complete = False
        batches = _cut(batches, limit)
    for key, decision in _decided(stack, batches, selection, "", on_progress):
        decisions[decision] += 1
        if decision == "PROCESS":
            keys.append(key)
    to_make, total = decisions["PROCESS"], sum(decisions.values())
    upload = usage.of_uploads(stack, _SAMPLE)
    # Assumes that each was made before: the few that were not cost less.
    purged = becoming_private.purges(stack, keys, live_plan(stack).plan) if keys else 0
    made = upload if upload.sample else cost.TYPICAL_UPLOAD
    dollars = cost.reprocessing(to_make, total - to_make, made) + cost.purging(purged)
    return Estimate(dict(decisions), round(dollars, 4), complete, keys, purged)


def decided(
    stack: Stack,
    *,
    prefix: str = "",
    plan: str = "",
    on_progress: Callable[[int], Any] | None = None,
) -> Iterator[tuple[str, str]]:
    """The key of each original below the prefix, and what a run would do about it under the plan (JSON; the stack's own
    if it is empty)."""
    return _decided(stack, _batches(stack, prefix, None), Selection(prefix), plan, on_progress)


def _decided(
    stack: Stack,
    batches: Iterable[list[Original]],
    selection: Selection,
    plan: str,
    on_progress: Callable[[int], Any] | None,
) -> Iterator[tuple[str, str]]:
    def selected(batch: list[Original]) -> list[dict[str, Any]]:
        return select(stack, batch, only=selection.only, force=selection.force, plan=plan)

    looked_at = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for originals in pool.map(selected, batches):
            yield from ((original["key"], original["decision"]) for original in originals)
            looked_at += len(originals)
            if on_progress:
                on_progress(looked_at)


def start(stack: Stack, selection: Selection, *, concurrency: int = CONCURRENCY) -> str:
    """Starts a run over the selected originals, `concurrency` at a time; returns its execution."""
    if not 1 <= concurrency <= 1000:
        raise BadRequest("The concurrency is between 1 and 1000.")
    run_input = {
        "prefix": selection.prefix,
        "only": list(selection.only),
        "force": selection.force,
        "max_concurrency": concurrency,
        "purge_tag": run_tag(selection.prefix),
    }
    machine_arn, name = stack.machine_arn("ReprocessImages"), str(uuid.uuid4())
    arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    with audit.recorded(stack, "reprocess", execution=arn, concurrency=concurrency, **asdict(selection)):
        stack.client("stepfunctions").start_execution(
            stateMachineArn=machine_arn, name=name, input=json.dumps(run_input)
        )
    return arn


def start_images(stack: Stack, image_ids: Sequence[str], *, force: bool = False) -> dict[str, str]:
    """Starts ProcessImage for those of the images that need it, and yields the execution of each.

    For the others it yields the decision, such as UP_TO_DATE.
    """
    outcomes = {}
    for begin in range(0, len(image_ids), _BATCH):
        originals: list[Original] = [{"key": image_id} for image_id in image_ids[begin : begin + _BATCH]]
        for original in select(stack, originals, force=force):
            outcomes[original["key"]] = original["decision"]
            if original["decision"] == "PROCESS":
                outcomes[original["key"]] = _start_image(stack, original, force)
    return outcomes


def _start_image(stack: Stack, original: Mapping[str, Any], force: bool) -> str:
    with audit.recorded(stack, "reprocess", image=original["key"], force=force) as act:
        answer = stack.client("stepfunctions").start_execution(
            stateMachineArn=stack.machine_arn("ProcessImage"), input=json.dumps(original["event"])
        )
        act.started = answer["executionArn"]
    return answer["executionArn"]


def resume(stack: Stack, execution: str) -> None:
    """Redrives a run that was stopped, failed or timed out: it continues with the originals that are left."""
    with audit.recorded(stack, "resume", execution=execution):
        stack.client("stepfunctions").redrive_execution(executionArn=execution)


def stop(stack: Stack, execution: str) -> None:
    """Stops a run, including the images in progress; `resume` or the next run makes them.

    The edge is purged half a minute later.
    """
    executions.stop(stack, execution)


def progress(stack: Stack, execution: str) -> Progress:
    """The run's progress now."""
    described = executions.describe(stack, execution)
    run = map_runs.latest(stack, execution)
    output = described.output if isinstance(described.output, dict) else {}
    report = output.get("report") or {}
    where = f"s3://{report['Bucket']}/{report['Key']}" if report else None
    return Progress(execution, described.status, run.counts if run else {}, where)


def followed(stack: Stack, execution: str, pause: float = 1.0) -> Iterator[Progress]:
    """Yields the run's progress every `pause` seconds, and a last time after its end."""
    while True:
        now = progress(stack, execution)
        yield now
        if now.status != executions.RUNNING:
            return
        time.sleep(pause)


def select(
    stack: Stack,
    originals: Sequence[Original],
    *,
    only: Sequence[str] = (),
    force: bool = False,
    plan: str = "",
) -> list[dict[str, Any]]:
    """The decision about each of up to a hundred originals: its key, the decision and, for PROCESS, the event.

    `plan` is JSON that replaces the stack's rendition plan, also in the events.
    """
    check_keys([original["key"] for original in originals])
    payload = {"originals": list(originals), "only": list(only), "force": force, "plan": plan}
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("SelectOriginalsFunctionArn"), Payload=json.dumps(payload).encode()
    )
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise OperationFailed(f"SelectOriginalsFunction failed: {result.get('errorMessage', result)}")
    if plan and not result.get("sent_plan"):
        raise OperationFailed(
            "The stack knows its own rendition plan only: deploy this version of the service."
        )
    answers: list[dict[str, Any]] = result["originals"]
    return answers


def _batches(stack: Stack, prefix: str, limit: int | None) -> Iterator[list[Original]]:
    """The originals below `prefix`, `_BATCH` at a time, a few more than `limit`."""
    seen = 0
    pages = (
        stack.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=stack.source_bucket, Prefix=prefix)
    )
    for page in pages:
        found: list[Original] = [
            {"key": entry["Key"], "etag": entry["ETag"].strip('"')} for entry in page.get("Contents", [])
        ]
        for begin in range(0, len(found), _BATCH):
            yield found[begin : begin + _BATCH]
        seen += len(found)
        if limit is not None and seen > limit:
            return


def _cut(batches: list[list[Original]], limit: int) -> list[list[Original]]:
    originals = [original for batch in batches for original in batch][:limit]
    return [originals[begin : begin + _BATCH] for begin in range(0, len(originals), _BATCH)]
