"""What the failures' events missed: Step Functions delivers them as best it can, not surely.

Looked at are images that have been PROCESSING for a while, and executions that failed lately without an item that says
so. Nothing else is touched.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from imageservice.adapters.image_table import from_dynamodb
from imageservice.core.manifest import Failure
from imageservice.failures.failed_execution import FAILED_STATUSES, FailedExecution, Upload, failed_execution
from imageservice.failures.recorder import Incidents

LOST = "WorkflowLost"


@dataclass
class Report:
    """What was found: `waiting` images are PROCESSING and their execution runs; the others were put on record."""

    waiting: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


class Reconciler:
    """Compares ImageTable with Step Functions, and has `incidents` record what only the latter knows."""

    def __init__(self, dynamodb: Any, stepfunctions: Any, table: str, incidents: Incidents) -> None:
        self._dynamodb, self._stepfunctions = dynamodb, stepfunctions
        self._table, self._incidents = table, incidents

    def reconcile(
        self, machine_arns: list[str], now: datetime, look_back: timedelta, grace: timedelta
    ) -> Report:
        """Looks at images, and at executions of the machines that started within `look_back` of `now`.

        What changed within `grace` is left to its event.
        """
        report = Report()
        for item in self._items("PROCESSING", before=_text(now - grace)):
            failed = self._stuck(item)
            if failed is None:
                report.waiting.append(item["id"])
            elif self._incidents.report(failed) == "RECORDED":
                report.stuck.append(item["id"])
        since = now - look_back
        told = {
            item.get("execution")
            for status in ("FAILED", "REJECTED")
            for item in self._items(status, _text(since))
        }
        for machine_arn in machine_arns:
            for arn in self._failed_executions(machine_arn, since, now - grace):
                if arn in told:
                    continue
                missed = self._described(arn)
                if missed and self._incidents.report(missed) == "RECORDED":
                    report.missed.append(missed.upload.id)
        return report

    def count(self, status: str) -> int:
        """How many images have `status`."""
        pages = self._dynamodb.get_paginator("query").paginate(**self._query(status), Select="COUNT")
        return sum(page["Count"] for page in pages)

    def _stuck(self, listed: dict[str, Any]) -> FailedExecution | None:
        """The failure of an image that is PROCESSING; None while its execution runs, or if it is so no longer."""
        described = self._description(listed.get("execution", ""))
        if described and described["status"] == "RUNNING":
            return None
        if described and described["status"] in FAILED_STATUSES:
            return _failure_in(described)
        item = self._item(listed["id"])
        if (
            item.get("status") != "PROCESSING"
            or item.get("execution") != listed.get("execution")
            or "upload" not in item
        ):
            return None
        upload = item["upload"]
        cause = (
            "The workflow ended without marking the image."
            if described
            else "Step Functions forgot the workflow."
        )
        return FailedExecution(
            arn=item.get("execution", ""),
            redrives=described.get("redriveCount", 0) if described else 0,
            upload=Upload(
                id=item["id"],
                bucket=upload["bucket"],
                sequencer=item["sequencer"],
                etag=upload.get("etag"),
                bytes=upload.get("bytes"),
                version_id=upload.get("version_id"),
            ),
            removal=False,
            failure=Failure(name=LOST, cause=cause),
        )

    def _failed_executions(self, machine_arn: str, since: datetime, until: datetime) -> Iterator[str]:
        pages = self._stepfunctions.get_paginator("list_executions")
        for status in FAILED_STATUSES:
            for page in pages.paginate(stateMachineArn=machine_arn, statusFilter=status):
                for execution in page["executions"]:
                    if execution["startDate"] < since:
                        break  # newest first
                    if execution["stopDate"] <= until:
                        yield execution["executionArn"]
                else:
                    continue
                break

    def _described(self, arn: str) -> FailedExecution | None:
        described = self._description(arn)
        return _failure_in(described) if described and described["status"] in FAILED_STATUSES else None

    def _description(self, arn: str) -> dict[str, Any] | None:
        if not arn:
            return None
        try:
            described: dict[str, Any] = self._stepfunctions.describe_execution(executionArn=arn)
        except self._stepfunctions.exceptions.ExecutionDoesNotExist:
            return None
        return described

    def _item(self, image_id: str) -> dict[str, Any]:
        answer = self._dynamodb.get_item(
            TableName=self._table, Key={"id": {"S": image_id}}, ConsistentRead=True
        )
        return from_dynamodb(answer.get("Item", {}))

    def _items(self, status: str, since: str = "", before: str = "~") -> Iterator[dict[str, Any]]:
        """What the index has of the images of a status, changed from `since` on and before `before`."""
        query = self._query(status)
        query["KeyConditionExpression"] += " AND updated_at BETWEEN :since AND :before"
        query["ExpressionAttributeValues"] |= {":since": {"S": since or "0"}, ":before": {"S": before}}
        for page in self._dynamodb.get_paginator("query").paginate(**query):
            for item in page["Items"]:
                yield from_dynamodb(item)

    def _query(self, status: str) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "IndexName": "by-status",
            "KeyConditionExpression": "#status = :status",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": {"S": status}},
        }


def _failure_in(described: dict[str, Any]) -> FailedExecution | None:
    """None for one that somebody started by hand, with an input that is no event."""
    try:
        return failed_execution(
            described["executionArn"],
            described.get("redriveCount", 0),
            described["status"],
            described.get("error"),
            described.get("cause"),
            json.dumps({}) if not described.get("input") else described["input"],
        )
    except ValueError:
        return None


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
