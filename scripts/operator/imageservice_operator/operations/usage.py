"""What uploads and redirects of a stack took: counted from its executions' histories and its functions' logs.

Everything here works alike on AWS and on a local stack. Quantities go by the names of prices (prices.json).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

from imageservice_operator.operations import executions
from imageservice_operator.operations.function_durations import mean_gb_seconds
from imageservice_operator.operations.function_logs import Invocation, invocations
from imageservice_operator.operations.stack import Stack

# Each request to S3 by its price; those that delete are free.
_S3_PUTS = {"PutObject", "CopyObject", "ListObjectsV2", "ListObjectVersions"}
_S3_GETS = {"GetObject", "HeadObject", "GetObjectTagging"}
_FROM_THE_TABLE = ("CacheMiss", "CacheBypass")
_READS = "{ $.ReadMs >= 0 }"  # the reader's lines; Lambda adds none of its own to a read that succeeds
_QUEUED = 3  # requests of a call that waits in a queue: sent, received and deleted
_PAGES = 10  # of executions to look through for uploads that were made


@dataclass(frozen=True)
class Usage:
    """The mean of `sample` uploads or redirects: quantities by the name of their price; empty if there were none.

    `original_bytes` and `rendition_bytes` are those of an upload.
    """

    sample: int
    quantities: Mapping[str, float]
    original_bytes: float = 0
    rendition_bytes: float = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "sample": self.sample,
            "quantities": dict(self.quantities),
            "original_bytes": self.original_bytes,
            "rendition_bytes": self.rendition_bytes,
        }


NOTHING = Usage(0, {})


def of_uploads(stack: Stack, sample: int = 20, *, replaced: bool = False) -> Usage:
    """The latest first uploads that became READY, or with `replaced` those that replaced an image."""
    found = _made(stack, sample, replaced=replaced)
    if not found:
        return NOTHING
    windows = [(events[0]["timestamp"], events[-1]["timestamp"]) for events in found.values()]
    by_execution: dict[str, list[Invocation]] = {}
    for invocation in invocations(stack, windows).values():
        by_execution.setdefault(invocation.execution, []).append(invocation)
    units = read_units(stack, next(iter(found)))
    counted = []
    for arn, events in found.items():
        quantities = Counter(of_history(events))
        for invocation in by_execution.get(arn, ()):
            quantities.update(of_invocation(invocation, units))
        counted.append(quantities)
    sizes = [_bytes_of(events) for events in found.values()]
    return Usage(
        len(counted), _mean(counted), fmean(size for size, _ in sizes), fmean(size for _, size in sizes)
    )


def of_redirects(stack: Stack, sample: int = 1000, *, hours: float = 24) -> Usage:
    """The latest redirects of the last hours that the API answered with 302.

    The billed time is the mean of all of the reader's invocations in these hours; 0 if CloudWatch does not know it yet.
    """
    now = datetime.now(UTC)
    window = (now - timedelta(hours=hours), now)
    found = [
        each
        for each in invocations(stack, [window], pattern=_READS).values()
        if each.line.get("status") == 302 and "ReadMs" in each.line
    ][-sample:]
    reader = stack.outputs.get("ReaderFunctionArn")
    gb_seconds = mean_gb_seconds(stack, reader, *window) if found and reader else None
    counted = []
    for each in found:
        own = of_invocation(each, 1)
        from_the_table = sum(each.line.get(name, 0) for name in _FROM_THE_TABLE)
        counted.append(
            {
                **own,
                "http_api_request": 1.0,
                "lambda_gb_second": gb_seconds or 0.0,
                "dynamodb_read_unit": own.get("dynamodb_read_unit", 0.0) + from_the_table,
            }
        )
    return Usage(len(counted), _mean(counted)) if counted else NOTHING


def cache_hits(usage: Usage) -> float:
    """The share of redirects that needed no read of the table."""
    return 1 - min(1.0, usage.quantities.get("dynamodb_read_unit", 0))


def _made(stack: Stack, sample: int, *, replaced: bool) -> dict[str, list[dict[str, Any]]]:
    """Histories of executions that made renditions, by ARN, the latest first."""
    pages = stack.client("stepfunctions").get_paginator("list_executions")
    listed = pages.paginate(
        stateMachineArn=stack.machine_arn("ProcessImage"),
        statusFilter="SUCCEEDED",
        PaginationConfig={"MaxItems": sample * _PAGES, "PageSize": 100},
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for page in listed:
        for each in page["executions"]:
            events = executions.history(stack, each["executionArn"])
            if _ended_ready(events, replaced=replaced) and _resizes(events):
                found[each["executionArn"]] = events
            if len(found) == sample:
                return found
    return found


def _ended_ready(events: Sequence[Mapping[str, Any]], *, replaced: bool) -> bool:
    output = json.loads(events[-1].get("executionSucceededEventDetails", {}).get("output") or "{}")
    return output.get("status") == "READY" and bool(output.get("revision", 1) > 1) is replaced


def of_history(events: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """What the execution itself took. A retry is a state transition, too."""
    counted: Counter[str] = Counter({"s3_put": 1})  # the upload
    entered = tasks = scheduled = 0
    units = 0.0
    for event in events:
        kind = event["type"]
        entered += kind.endswith("StateEntered")
        tasks += kind == "TaskStateEntered"
        if kind == "TaskScheduled":
            scheduled += 1
            counted.update(_of_call(event["taskScheduledEventDetails"]))
        elif kind == "TaskSucceeded":
            units += _consumed(event["taskSucceededEventDetails"])
    counted["state_transition"] = entered + max(0, scheduled - tasks)
    return {**counted, "dynamodb_write_unit": units}


def _of_call(details: Mapping[str, Any]) -> dict[str, int]:
    parameters = json.loads(details.get("parameters") or "{}")
    if details["resource"] == "putEvents":
        return {"event": len(parameters["Entries"])}
    if details["resource"].startswith("sendMessage"):
        return {"sqs_request": _QUEUED}
    if details["resource"] == "createInvalidation":
        return {"invalidation_path": parameters["InvalidationBatch"]["Paths"]["Quantity"]}
    return {}


def _consumed(details: Mapping[str, Any]) -> float:
    """The units of a write, which the table and its index take together; the workflow asks DynamoDB for them."""
    if details.get("resource") != "updateItem":
        return 0
    return float(json.loads(details["output"]).get("ConsumedCapacity", {}).get("CapacityUnits", 0))


def of_invocation(invocation: Invocation, read_units: float) -> dict[str, float]:
    counted: Counter[str] = Counter(
        {
            "lambda_request": 1,
            "lambda_gb_second": invocation.gb_seconds,
            "log_gb": invocation.log_bytes / 1e9,
        }
    )
    for request, number in invocation.line.get("requests", {}).items():
        service, _, operation = request.partition(".")
        if service == "s3":
            counted["s3_put"] += number if operation in _S3_PUTS else 0
            counted["s3_get"] += number if operation in _S3_GETS else 0
        elif request == "dynamodb.GetItem":
            counted["dynamodb_read_unit"] += number * read_units
    return dict(counted)


def read_units(stack: Stack, arn: str) -> float:
    """The units of a consistent read of the execution's image."""
    image_id = executions.describe(stack, arn).image_id
    answer = stack.client("dynamodb").get_item(
        TableName=stack.image_table,
        Key={"id": {"S": str(image_id)}},
        ConsistentRead=True,
        ReturnConsumedCapacity="TOTAL",
    )
    return float(answer["ConsumedCapacity"]["CapacityUnits"])


def _resizes(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The renditions that the execution made, in DynamoDB's format."""
    outputs = (
        json.loads(event["taskSucceededEventDetails"]["output"])
        for event in events
        if event["type"] == "TaskSucceeded" and event["taskSucceededEventDetails"]["resourceType"] == "sqs"
    )
    return [
        rendition["M"]
        for output in outputs
        for rendition in output.get("answer", {}).get("renditions", {}).get("L", ())
    ]


def _bytes_of(events: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """The bytes of the original, and of all its renditions."""
    event = json.loads(events[0]["executionStartedEventDetails"]["input"])
    made = sum(int(rendition["bytes"]["N"]) for rendition in _resizes(events))
    return int(event["detail"]["object"]["size"]), made


def _mean(counted: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = sorted({name for each in counted for name in each})
    return {name: fmean(each.get(name, 0) for each in counted) for name in names}
