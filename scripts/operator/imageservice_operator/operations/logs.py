"""What the functions logged about an execution."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.stories import Attempt, Visit

# A line is searchable some seconds after it was written, and clocks differ.
_BEFORE, _AFTER = timedelta(seconds=10), timedelta(minutes=2)
_CLOCKS = timedelta(seconds=1)


@dataclass(frozen=True)
class LogLine:
    """One line of a function. `fields` is the whole line as it was logged; `request` is the Lambda request's id."""

    at: datetime
    function: str
    level: str
    message: str
    request: str
    size: str
    fields: Mapping[str, Any]

    @property
    def stack_trace(self) -> str:
        """The error's stack trace, as Python prints it; "" for a line that is no error."""
        return str(self.fields.get("exception") or "")

    @property
    def reason(self) -> str:
        """The error's class, or why the image was rejected; "" for a line that is neither."""
        return str(self.fields.get("reason") or (self.fields.get("error", "") if self.stack_trace else ""))


def of_execution(
    stack: Stack, execution: Execution, since: datetime | None = None, until: datetime | None = None
) -> Iterator[LogLine]:
    """The lines about an execution, oldest first: those that name it, from its start to two minutes after its end.

    Or from `since` to `until`. CloudWatch Logs searches all lines of that time, so a long execution on a busy stack
    takes a while.
    """
    pages = stack.client("logs").get_paginator("filter_log_events")
    arguments: dict[str, Any] = {
        "logGroupName": f"/{stack.name}/functions",
        "filterPattern": f'"{execution.arn}"',
        "startTime": _milliseconds((since or execution.started) - _BEFORE),
    }
    end = until or execution.stopped
    if end:
        arguments["endTime"] = _milliseconds(end + _AFTER)
    for page in pages.paginate(**arguments):
        for event in page["events"]:
            line = _line(event)
            if line and line.fields.get("execution") == execution.arn:
                yield line


def of_attempt(stack: Stack, execution: Execution, visit: Visit, attempt: Attempt) -> list[LogLine]:
    """The lines of the very request that an attempt made to a function, oldest first.

    Lambda's answer names the request. Where the history has no answer (a time-out, the local stack), they are the lines
    of that function about the same size in the time of the attempt.
    """
    found = list(of_execution(stack, execution, attempt.started, attempt.ended))
    request = request_of(attempt)
    if request:
        return [line for line in found if line.request == request]
    begin, end = attempt.started - _CLOCKS, (attempt.ended or datetime.now(UTC)) + _CLOCKS
    size = visit.iteration.label if visit.iteration else ""
    return [
        line
        for line in found
        if begin <= line.at <= end and function_of(attempt) in ("", line.function) and line.size == size
    ]


def request_of(attempt: Attempt) -> str:
    """The id of the Lambda request that the attempt made, from Lambda's answer or error; "" if neither has it."""
    answer, error = _parsed(attempt.output), _parsed(attempt.cause)
    metadata = answer.get("SdkResponseMetadata")
    # Lambda's own metadata, or what a function says that answered a queued call (adapters/awaited_call.py).
    named = metadata.get("RequestId") if isinstance(metadata, dict) else answer.get("requestId")
    return str(named or error.get("requestId") or "")


def function_of(attempt: Attempt) -> str:
    """The name of the function that the attempt called; "" if it called none."""
    name = str(_parsed(attempt.parameters).get("FunctionName", ""))
    return name.split(":")[6] if name.startswith("arn:") and name.count(":") >= 6 else name


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def frames(stack_trace: str) -> Sequence[str]:
    """The application's own calls in a stack trace, outermost first: `resize/sizer.py:49 in make`."""
    found = []
    for line in stack_trace.splitlines():
        text = line.strip()
        if not text.startswith('File "') or "site-packages" in text or "/lib/python" in text:
            continue
        path, _, rest = text.removeprefix('File "').partition('", line ')
        number, _, function = rest.partition(", in ")
        if path.endswith("/adapters/logging.py"):
            continue  # what logs the error
        found.append(f"{_short(path)}:{number} in {function}")
    return found


def _short(path: str) -> str:
    """A path from the function's own folder on."""
    if "/imageservice/" in path:
        return "imageservice/" + path.rpartition("/imageservice/")[2]
    return "/".join(path.split("/")[-2:])


def _line(event: Mapping[str, Any]) -> LogLine | None:
    try:
        fields = json.loads(event["message"])
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    return LogLine(
        at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
        function=str(fields.get("function_name", "")),
        level=str(fields.get("level", "")),
        message=str(fields.get("message", "")),
        request=str(fields.get("function_request_id", "")),
        size=str(fields.get("size", "")),
        fields=fields,
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
