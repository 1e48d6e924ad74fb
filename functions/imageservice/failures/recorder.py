"""Records failures in the image's item, where readers and operators see status and cause. Announces each once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.source_bucket import is_newest
from imageservice.core.sequencer import KNOWN_IS_OLDER, comparable
from imageservice.core.timestamps import now
from imageservice.failures.failed_execution import FailedExecution, NotAnUpload, failed_execution
from imageservice.failures.notification import Notifier

Outcome = Literal["RECORDED", "RESUMED", "OVERTAKEN", "NO_INCIDENT", "NOT_OURS"]

# Not announced before, and not an older failure of the same execution: events come twice and out of order.
_IS_NEWS = (
    "NOT (#error.execution = :execution AND (#error.redrives > :redrives OR "
    "(#error.redrives = :redrives AND attribute_exists(#error.announced_at))))"
)
# `:outranked` is a sequencer that S3 says is older. The upload is the latest known, and this execution's to report:
# where another one has taken the same upload over (the event's other delivery, a reprocessing), that one reports, also
# once it has failed: its replay makes the image, and a replay of this one would only give way. READY and REJECTED stay:
# the work was done.
_IS_LATEST_UPLOAD = (
    f"(attribute_not_exists(sequencer) OR {KNOWN_IS_OLDER} OR sequencer = :outranked OR (sequencer = :sequencer AND "
    "#status IN (:failed, :processing) AND execution = :execution))"
)
# A removal ends by removing `replaced`: where another execution has done the work, there is nothing to report.
_IS_LATEST_REMOVAL = (
    f"({KNOWN_IS_OLDER} OR sequencer = :outranked OR (sequencer = :sequencer AND #status = :deleted AND "
    "attribute_exists(replaced)))"
)


class Handled(NamedTuple):
    """What was done about an execution's change of status; `execution` is None if nothing was done."""

    outcome: Outcome
    execution: FailedExecution | None = None


class FailureRecorder:
    """Writes failures to ImageTable, and announces each once (twice at worst, if it dies between the two)."""

    def __init__(
        self, dynamodb: Any, table: str, executions: Executions, notifier: Notifier, s3: Any
    ) -> None:
        self._dynamodb, self._table, self._s3 = dynamodb, table, s3
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
        if not self._record(failed):
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
        refused = self._update(
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
        return refused is None

    def _record(self, failed: FailedExecution) -> bool:
        """Whether the failure was recorded. S3 is asked only if the item's sequencer has another length."""
        write = self._record_removal if failed.removal else self._record_upload
        item = write(failed, "-")
        known = (item or {}).get("sequencer", failed.upload.sequencer)
        if item is None or comparable(known, failed.upload.sequencer):
            return item is None
        if (
            item.get("execution") == failed.arn
        ):  # it registered in version 0.2.0, and a redrive compares what it wrote
            failed = replace(failed, upload=replace(failed.upload, sequencer=known))
        elif not is_newest(self._s3, failed.upload, deletion=failed.removal):
            return False
        return write(failed, known) is None

    def _record_upload(self, failed: FailedExecution, outranked: str) -> dict[str, Any] | None:
        return self._update(
            failed.upload.id,
            "SET #status = :failed, sequencer = :sequencer, upload = :upload, execution = :execution, #error = :error, "
            "updated_at = :now, created_at = if_not_exists(created_at, :now) REMOVE expires_at",
            f"{_IS_LATEST_UPLOAD} AND {_IS_NEWS}",
            {
                **_values(failed, outranked),
                ":failed": "FAILED",
                ":processing": "PROCESSING",
                ":upload": failed.upload.record(),
            },
        )

    def _record_removal(self, failed: FailedExecution, outranked: str) -> dict[str, Any] | None:
        return self._update(
            failed.upload.id,
            "SET #error = :error, updated_at = :now",
            f"{_IS_LATEST_REMOVAL} AND {_IS_NEWS}",
            {**_values(failed, outranked), ":deleted": "DELETED"},
        )

    def _update(
        self, image_id: str, expression: str, condition: str, values: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Updates the item. If its condition does not hold, returns the item as it is (empty if there is none)."""
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
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as refusal:
            return from_dynamodb(refusal.response.get("Item", {}))
        return None


def _values(failed: FailedExecution, outranked: str) -> dict[str, Any]:
    return {
        ":sequencer": failed.upload.sequencer,
        ":digits": len(failed.upload.sequencer),
        ":outranked": outranked,
        ":execution": failed.arn,
        ":redrives": failed.redrives,
        ":now": now(),
        ":error": {**failed.failure, "execution": failed.arn, "redrives": failed.redrives},
    }


def _redrives(description: Mapping[str, Any]) -> int:
    return description.get("redriveCount") or 0
