"""Which failed executions no item reports: the one rule, for the reconciler and for operators.

Step Functions may lose the event of a failure, and recording it can fail. Then the execution has failed, and no item
says so.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice

from imageservice.adapters.executions import FAILED_STATUSES, Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.failures.failed_execution import FailedExecution, NotAnUpload, failed_execution

# DescribeExecution is throttled at 15 per second in most regions; boto3 waits and tries again.
_AT_ONCE = 8


def unreported(
    table: ImageTable,
    executions: Executions,
    machine_arns: Sequence[str],
    since: datetime,
    until: datetime,
    limit: int | None = None,
) -> Iterator[FailedExecution]:
    """The machines' failed executions that started at or after `since` and ended by `until`, and that no item names.

    At most `limit` executions are described. The result includes failures that something newer has overtaken:
    FailureRecorder.record leaves those alone, and failed_execution.overtaken recognizes them. It excludes rejected
    images, executions without an upload, and those that were redriven meanwhile.
    """
    reported = {
        item.get("execution")
        for status in ("FAILED", "REJECTED")
        for item in table.with_status(status, since=since)
    }
    arns = [
        arn
        for machine_arn in machine_arns
        for arn in executions.failed(machine_arn, since, until)
        if arn not in reported
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for description in pool.map(executions.describe, islice(arns, limit)):
            if description is None or description["status"] not in FAILED_STATUSES:
                continue
            try:
                failed = failed_execution(description)
            except NotAnUpload:
                continue
            if failed.is_incident:
                yield failed
