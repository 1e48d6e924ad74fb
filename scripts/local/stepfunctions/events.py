"""Execution status changes, announced on EventBridge and counted in CloudWatch as Step Functions does.

The event: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Mapping
from typing import Any

from local import metrics

LOG = logging.getLogger(__name__)
PAYLOAD_LIMIT = 248 * 1024
"""Bytes of input or output beyond which the event leaves it out."""

REDRIVABLE = ("FAILED", "ABORTED", "TIMED_OUT")


def redrive_fields(record: Mapping[str, Any], express: bool = False) -> dict[str, Any]:
    """redriveCount, redriveDate, redriveStatus and its reason, as DescribeExecution gives them."""
    status = record["status"]
    fields: dict[str, Any] = {"redriveCount": record.get("redriveCount", 0)}
    if record.get("redriveDate"):
        fields["redriveDate"] = record["redriveDate"]
    if status in REDRIVABLE and not express:
        return {**fields, "redriveStatus": "REDRIVABLE"}
    reason = f"Execution is {status} and cannot be redriven"
    return {**fields, "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}


def announce(record: Mapping[str, Any]) -> None:
    """Count the status of an execution, and put it on the default bus. Never raises: on AWS too it is best effort."""
    if record.get("sync"):  # express executions announce nothing
        return
    metrics.record_execution(record)
    try:
        from ministack.services import eventbridge

        entry = {
            "Source": "aws.states",
            "DetailType": "Step Functions Execution Status Change",
            "Detail": json.dumps(_detail(record)),
            "Resources": [record["executionArn"]],
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        LOG.exception("status change of %s was not announced", record["executionArn"])


def _detail(record: Mapping[str, Any]) -> dict[str, Any]:
    status = record["status"]
    detail = {
        **{name: record.get(name) for name in ("executionArn", "stateMachineArn", "name", "status", "input")},
        "startDate": _milliseconds(record.get("startDate")),
        "stopDate": _milliseconds(record.get("stopDate")),
        "inputDetails": {"included": True},
        "output": record.get("output") if status == "SUCCEEDED" else None,
        "outputDetails": {"included": True} if status == "SUCCEEDED" else None,
        "error": record.get("error"),
        "cause": record.get("cause"),
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveDate": None,
        "redriveStatusReason": None,
        **redrive_fields(record),
    }
    detail["redriveDate"] = _milliseconds(detail["redriveDate"])
    for name in ("input", "output"):
        if detail[name] is not None and len(detail[name].encode()) > PAYLOAD_LIMIT:
            detail[name], detail[f"{name}Details"] = None, {"included": False}
    return detail


def _milliseconds(moment: str | None) -> int | None:
    if not moment:
        return None
    return int(datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1000)
