"""What the functions' log group says about single invocations: the functions' own lines, and Lambda's reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from imageservice_operator.operations.stack import Stack

# What CloudWatch adds to each line's UTF-8 bytes:
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
_LINE_OVERHEAD = 26
# Lambda writes its report after the function has answered.
_LATE = timedelta(seconds=15)
_MOST_LINES = 50_000


@dataclass
class Invocation:
    """One invocation: the billed time × memory, the bytes of its lines, and the fields of the function's last line."""

    gb_seconds: float = 0.0
    log_bytes: int = 0
    line: dict[str, Any] = field(default_factory=dict)

    @property
    def execution(self) -> str:
        """The execution of a workflow that called the function; empty if none did."""
        return str(self.line.get("execution", ""))


def group(stack: Stack) -> str:
    """The name of the log group of the stack's functions."""
    return f"/{stack.name}/functions"


def invocations(
    stack: Stack, windows: Sequence[tuple[datetime, datetime]], pattern: str = ""
) -> dict[str, Invocation]:
    """The invocations that logged within the windows of time, by their request id, in the order of their first lines.

    `pattern` is one of FilterLogEvents. At most 50,000 lines are read.
    """
    found: dict[str, Invocation] = {}
    read = 0
    for begin, end in _merged(windows):
        pages = (
            stack.client("logs")
            .get_paginator("filter_log_events")
            .paginate(
                logGroupName=group(stack),
                startTime=int(begin.timestamp() * 1000),
                endTime=int((end + _LATE).timestamp() * 1000),
                **({"filterPattern": pattern} if pattern else {}),
            )
        )
        for page in pages:
            for event in page["events"]:
                _add(found, event["message"])
            read += len(page["events"])
            if read > _MOST_LINES:
                return found
    return found


def _add(found: dict[str, Invocation], message: str) -> None:
    try:
        line = json.loads(message)
    except ValueError:
        return
    record = line.get("record", {}) if str(line.get("type", "")).startswith("platform.") else {}
    request_id = (
        record.get("requestId")
        or line.get("function_request_id")
        or line.get("request_id")
        or line.get("requestId")
    )
    if not request_id:
        return
    invocation = found.setdefault(request_id, Invocation())
    invocation.log_bytes += len(message.encode()) + _LINE_OVERHEAD
    if line.get("type") == "platform.report":
        invocation.gb_seconds = _gb_seconds(record["metrics"])
    elif not record:
        invocation.line.update(line)


def _gb_seconds(metrics: Mapping[str, Any]) -> float:
    return float(metrics["memorySizeMB"]) / 1024 * float(metrics["billedDurationMs"]) / 1000


def _merged(windows: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The windows in order, those that overlap as one."""
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(windows):
        if merged and begin <= merged[-1][1] + _LATE:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
