"""Executions of the workflows, as Step Functions has them for 90 days."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

FAILED_STATUSES = ("FAILED", "TIMED_OUT", "ABORTED")
_PAGE = {"PageSize": 1000}  # as many as ListExecutions gives at most


class Executions:
    """The executions, read through a Step Functions client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def describe(self, arn: str) -> dict[str, Any] | None:
        """DescribeExecution's answer; None if Step Functions does not know the execution, or no longer knows it."""
        if not arn:
            return None
        try:
            description: dict[str, Any] = self._client.describe_execution(executionArn=arn)
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        return description

    def running(self, machine_arn: str) -> Iterator[str]:
        """The ARNs of a machine's executions that run. The list is eventually consistent: one may be missing."""
        return (execution["executionArn"] for execution in self._newest_first(machine_arn, "RUNNING"))

    def failed(self, machine_arn: str, since: datetime, until: datetime) -> Iterator[str]:
        """The ARNs of a machine's executions that started from `since` on, and failed by `until`, newest first in each
        status."""
        for status in FAILED_STATUSES:
            for execution in self._newest_first(machine_arn, status):
                if execution["startDate"] < since:
                    break
                if execution["stopDate"] <= until:
                    yield execution["executionArn"]

    def _newest_first(self, machine_arn: str, status: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_executions")
        for page in pages.paginate(stateMachineArn=machine_arn, statusFilter=status, PaginationConfig=_PAGE):
            yield from page["executions"]
