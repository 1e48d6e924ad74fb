"""Map Runs: how far a reprocessing is, and which of its originals failed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from imageservice.adapters.executions import FAILED_STATUSES
from imageservice.core.timestamps import to_text
from imageservice_operator.operations import executions
from imageservice_operator.operations.executions import GONE, Execution
from imageservice_operator.operations.stack import Stack

_ENDED = ("succeeded", "failed", "aborted", "timedOut")
_LOOKED_AT = 200
"""Failed executions that are described to find those of a run, where Step Functions does not list a run's own."""


@dataclass(frozen=True)
class MapRun:
    """One Map Run. `counts` are of its items: total, pending, running, succeeded, failed, aborted, timedOut."""

    arn: str
    execution: str
    status: str
    started: datetime
    stopped: datetime | None
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return self.counts.get("total", 0)

    @property
    def done(self) -> int:
        return sum(self.counts.get(name, 0) for name in _ENDED)

    @property
    def failed(self) -> int:
        return self.done - self.counts.get("succeeded", 0)

    def as_json(self) -> dict[str, Any]:
        times = {"started": to_text(self.started), "stopped": self.stopped and to_text(self.stopped)}
        return {**asdict(self), **times}


@dataclass(frozen=True)
class FailedItem:
    """An original of a run that failed: the error, and the execution to look at: ProcessImage's, if it was started."""

    image_id: str
    error: str
    cause: str
    execution: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def latest(stack: Stack, execution: str) -> MapRun | None:
    """The execution's newest Map Run; None if it has none (yet), or is forgotten.

    On AWS a redrive continues the same Map Run; the local stack begins another for what is left.
    """
    client = stack.client("stepfunctions")
    try:
        pages = client.get_paginator("list_map_runs").paginate(
            executionArn=execution, PaginationConfig={"MaxItems": 100}
        )
        runs = [run for page in pages for run in page["mapRuns"]]
        if not runs:
            return None
        answer = client.describe_map_run(mapRunArn=max(runs, key=lambda run: run["startDate"])["mapRunArn"])
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise
    return MapRun(
        arn=answer["mapRunArn"],
        execution=execution,
        status=answer["status"],
        started=answer["startDate"],
        stopped=answer.get("stopDate"),
        counts={name: count for name, count in answer["itemCounts"].items() if isinstance(count, int)},
    )


def failed_items(stack: Stack, run: MapRun, limit: int = 50) -> list[FailedItem]:
    """The newest originals of the run that failed, at most `limit`; each is described."""
    try:
        children = list(islice(_children(stack, run), limit))
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        # The local stack runs the items of a Map within its execution: only what they started is listed.
        return list(islice(map(_item_of, _started_by(stack, run)), limit))
    return [_item_of(each) for each in executions.describe_many(stack, children)]


def _children(stack: Stack, run: MapRun) -> Iterator[str]:
    pages = stack.client("stepfunctions").get_paginator("list_executions")
    for status in FAILED_STATUSES:
        only: dict[str, Any] = {"mapRunArn": run.arn, "statusFilter": status}
        for page in pages.paginate(**only):
            yield from (each["executionArn"] for each in page["executions"])


def _started_by(stack: Stack, run: MapRun) -> Iterator[Execution]:
    for status in FAILED_STATUSES:
        listed = executions.of_status(stack, status, since=run.started)
        arns = [each.arn for each in islice(listed, _LOOKED_AT)]
        for each in executions.describe_many(stack, arns):
            if run_of(each) == run.execution:
                yield each


def run_of(execution: Execution) -> str:
    """The run of ReprocessImages that started the execution; "" if none did."""
    return str(execution.detail.get("run", ""))


def _item_of(execution: Execution) -> FailedItem:
    """Of a child, whose cause is the whole execution of ProcessImage that failed; or of such an execution itself."""
    key = execution.image_id or str(execution.input.get("key", ""))
    failure = execution.failure
    error, cause, arn = (
        (failure["name"], failure["cause"], execution.arn) if failure else ("", "", execution.arn)
    )
    try:
        started = json.loads(execution.cause or "")
        error, cause, arn = started["Error"], started["Cause"], started["ExecutionArn"]
    except (ValueError, KeyError, TypeError):
        pass  # it failed before it started one
    return FailedItem(key, str(error), str(cause), str(arn))
