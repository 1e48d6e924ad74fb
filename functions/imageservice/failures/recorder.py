"""Records failures in the image's item, where readers and operators see status and cause. Announces each once."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import to_dynamodb
from imageservice.core.timestamps import now
from imageservice.failures.failed_execution import FailedExecution, NotAnUpload, failed_execution
from imageservice.failures.notification import Notifier

Outcome = Literal["RECORDED", "RESUMED", "OVERTAKEN", "NO_INCIDENT", "NOT_OURS"]

# Not announced before, and not an older failure of the same execution: events come twice and out of order.
_IS_NEWS = (
    "NOT (#error.execution = :execution AND (#error.redrives > :redrives OR "
    "(#error.redrives = :redrives AND attribute_exists(#error.announced_at))))"
)
# The upload is the latest known, and this execution's to report: where another one has taken the same upload over (the
# event's other delivery, a reprocessing), that one reports. READY and REJECTED stay: the work was done.
_IS_LATEST_UPLOAD = (
    "(attribute_not_exists(sequencer) OR sequencer < :sequencer OR (sequencer = :sequencer AND "
    "(#status = :failed OR (#status = :processing AND execution = :execution))))"
)
_IS_LATEST_REMOVAL = "(sequencer < :sequencer OR (sequencer = :sequencer AND #status = :deleted))"


class Handled(NamedTuple):
    """What was done about an execution's change of status; `execution` is None if nothing was done."""

    outcome: Outcome
    execution: FailedExecution | None = None


class FailureRecorder:
    """Writes failures to ImageTable, and announces each once (twice at worst, if it dies between the two)."""

    def __init__(self, dynamodb: Any, table: str, executions: Executions, notifier: Notifier) -> None:
        self._dynamodb, self._table = dynamodb, table
        self._executions, self._notifier = executions, notifier

    def handle(self, change: Mapping[str, Any]) -> Handled:
        """Handles the detail of a `Step Functions Execution Status Change`: a failure, or RUNNING after a redrive.

        Events are late and out of order. OVERTAKEN is an event that the execution itself has left behind: it has
        succeeded, or was redriven again. The execution's description may be stale too, so it counts only if it is ahead
        of the event. NOT_OURS is an execution without an upload, which an operator started by hand.
        """
        description = self._executions.describe(change["executionArn"]) or {}
        if description.get("status") == "SUCCEEDED" or _redrives(description) > _redrives(change):
            return Handled("OVERTAKEN")
        try:
            # The event has no input if that is larger than 248 KiB.
            execution = failed_execution({**change, "input": change.get("input") or description.get("input")})
        except NotAnUpload:
            return Handled("NOT_OURS")
        if change["status"] == "RUNNING":
            resumed = self.resume(execution.upload.id, execution.arn, execution.redrives)
            return Handled("RESUMED" if resumed else "OVERTAKEN", execution)
        return Handled(self.record(execution), execution)

    def record(self, failed: FailedExecution) -> Outcome:
        """Records and announces the failure, if its upload is still the latest and it was not announced before.

        A failed upload's item becomes FAILED. A failed removal's item keeps its status (usually a tombstone), and gets
        the error beside it.
        """
        if not failed.is_incident:
            return "NO_INCIDENT"
        if not (self._record_removal(failed) if failed.removal else self._record_upload(failed)):
            return "OVERTAKEN"
        self._notifier.announce(failed)
        self._update(
            failed.upload.id,
            "SET #error.announced_at = :now",
            "#error.execution = :execution AND #error.redrives = :redrives",
            {":now": now(), ":execution": failed.arn, ":redrives": failed.redrives},
        )
        return "RECORDED"

    def resume(self, image_id: str, execution: str, redrives: int) -> bool:
        """Shows a redriven execution's image as PROCESSING again. False if no earlier attempt of it made it FAILED."""
        return self._update(
            image_id,
            "SET #status = :processing, updated_at = :now",
            "#status = :failed AND #error.execution = :execution AND #error.redrives < :redrives",
            {
                ":processing": "PROCESSING",
                ":failed": "FAILED",
                ":now": now(),
                ":execution": execution,
                ":redrives": redrives,
            },
        )

    def _record_upload(self, failed: FailedExecution) -> bool:
        return self._update(
            failed.upload.id,
            "SET #status = :failed, sequencer = :sequencer, upload = :upload, execution = :execution, #error = :error, "
            "updated_at = :now, created_at = if_not_exists(created_at, :now) REMOVE expires_at",
            f"{_IS_LATEST_UPLOAD} AND {_IS_NEWS}",
            {
                **_values(failed),
                ":failed": "FAILED",
                ":processing": "PROCESSING",
                ":upload": failed.upload.record(),
            },
        )

    def _record_removal(self, failed: FailedExecution) -> bool:
        return self._update(
            failed.upload.id,
            "SET #error = :error, updated_at = :now",
            f"{_IS_LATEST_REMOVAL} AND {_IS_NEWS}",
            {**_values(failed), ":deleted": "DELETED"},
        )

    def _update(self, image_id: str, expression: str, condition: str, values: dict[str, Any]) -> bool:
        """Whether the condition held, and the item was updated."""
        names = {"#status": "status", "#error": "error"}
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_dynamodb({"id": image_id}),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={
                    placeholder: name
                    for placeholder, name in names.items()
                    if placeholder in expression + condition
                },
                ExpressionAttributeValues=to_dynamodb(values),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _values(failed: FailedExecution) -> dict[str, Any]:
    return {
        ":sequencer": failed.upload.sequencer,
        ":execution": failed.arn,
        ":redrives": failed.redrives,
        ":now": now(),
        ":error": {**failed.failure, "execution": failed.arn, "redrives": failed.redrives},
    }


def _redrives(description: Mapping[str, Any]) -> int:
    return description.get("redriveCount") or 0
