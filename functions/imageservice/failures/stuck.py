"""Whether an image that is PROCESSING waits in vain: the one rule, for the reconciler and for operators."""

from collections.abc import Mapping
from typing import Any

from imageservice.adapters.executions import FAILED_STATUSES, Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.core.manifest import Failure
from imageservice.core.upload_event import upload_from_item
from imageservice.failures.failed_execution import FailedExecution, NotAnUpload, failed_execution

LOST = "WorkflowLost"


def stuck(table: ImageTable, executions: Executions, entry: Mapping[str, Any]) -> FailedExecution | None:
    """The failure of an image that the index has as PROCESSING; None while its execution runs, or if it changed."""
    execution = entry.get("execution", "")
    description = executions.describe(execution)
    if description is not None and description["status"] == "RUNNING":
        return None
    if description is not None and description["status"] in FAILED_STATUSES:
        try:
            return failed_execution(description)
        except NotAnUpload:
            return None
    item = table.get(entry["id"]) or {}
    if item.get("status") != "PROCESSING" or item.get("execution", "") != execution or "upload" not in item:
        return None
    cause = "The workflow ended without marking the image."
    if description is None:
        cause = "Step Functions no longer knows the workflow's execution."
    return FailedExecution(
        arn=execution,
        redrives=(description or {}).get("redriveCount") or 0,
        upload=upload_from_item(item),
        removal=False,
        failure=Failure(name=LOST, cause=cause),
    )
