"""Failures on record: in the image's item, so that status and cause are seen, and told to whoever subscribes."""

import json
from datetime import UTC, datetime
from typing import Any, Literal

from imageservice.core.errors import NotAnnounced
from imageservice.failures.failed_execution import FailedExecution
from imageservice.failures.notification import message, subject

EVENT_SOURCE = "image-service"
Recorded = Literal["RECORDED", "OVERTAKEN", "NO_INCIDENT"]

# Told already, or an older failure of the same execution: events come twice and out of order.
_NEWS = (
    "NOT (#error.execution = :execution AND (#error.redrives > :redrives OR "
    "(#error.redrives = :redrives AND attribute_exists(#error.told))))"
)
# The upload is the latest known, and this execution's to tell of: where another one of the same upload has taken it
# over (the event's other delivery, a reprocessing), that one tells. READY and REJECTED stay: the work was done.
_LATEST_UPLOAD = (
    "(attribute_not_exists(sequencer) OR sequencer < :sequencer OR (sequencer = :sequencer AND "
    "(#status = :failed OR (#status = :processing AND execution = :execution))))"
)
_LATEST_REMOVAL = "(sequencer < :sequencer OR (sequencer = :sequencer AND #status = :deleted))"


class Incidents:
    """Writes failures to ImageTable, and tells of each once (twice at worst, if the teller dies in between)."""

    def __init__(
        self, dynamodb: Any, events: Any, sns: Any, table: str, topic_arn: str, stack_name: str
    ) -> None:
        self._dynamodb, self._events, self._sns = dynamodb, events, sns
        self._table, self._topic_arn, self._stack_name = table, topic_arn, stack_name

    def report(self, failed: FailedExecution) -> Recorded:
        """Records the failure and tells of it, if its upload is still the latest and nobody has done so before.

        A failed upload's item becomes FAILED; a failed removal's keeps its status, a tombstone above all, and has the
        error beside it.
        """
        if not failed.is_incident:
            return "NO_INCIDENT"
        if not (self._record_removal(failed) if failed.removal else self._record(failed)):
            return "OVERTAKEN"
        self._tell(failed)
        self._update(
            failed.upload.id,
            "SET #error.told = :now",
            "#error.execution = :execution AND #error.redrives = :redrives",
            {
                ":now": {"S": _now()},
                ":execution": {"S": failed.arn},
                ":redrives": {"N": str(failed.redrives)},
            },
        )
        return "RECORDED"

    def resumed(self, image_id: str, execution: str, redrives: int) -> bool:
        """Shows a redriven execution's image as PROCESSING again. False where no earlier try of it made it FAILED."""
        return self._update(
            image_id,
            "SET #status = :processing, updated_at = :now",
            "#status = :failed AND #error.execution = :execution AND #error.redrives < :redrives",
            {
                ":processing": {"S": "PROCESSING"},
                ":failed": {"S": "FAILED"},
                ":now": {"S": _now()},
                ":execution": {"S": execution},
                ":redrives": {"N": str(redrives)},
            },
        )

    def _record(self, failed: FailedExecution) -> bool:
        upload = failed.upload
        return self._update(
            upload.id,
            "SET #status = :failed, sequencer = :sequencer, upload = :upload, execution = :execution, #error = :error, "
            "updated_at = :now, created_at = if_not_exists(created_at, :now) REMOVE expires_at",
            f"{_LATEST_UPLOAD} AND {_NEWS}",
            {
                **_of(failed),
                ":failed": {"S": "FAILED"},
                ":processing": {"S": "PROCESSING"},
                ":upload": {"M": {name: _typed(value) for name, value in upload.record().items()}},
            },
        )

    def _record_removal(self, failed: FailedExecution) -> bool:
        return self._update(
            failed.upload.id,
            "SET #error = :error, updated_at = :now",
            f"{_LATEST_REMOVAL} AND {_NEWS}",
            {**_of(failed), ":deleted": {"S": "DELETED"}},
        )

    def _update(self, image_id: str, expression: str, condition: str, values: dict[str, Any]) -> bool:
        """Whether the condition held, and the item was updated."""
        names = {"#status": "status", "#error": "error"}
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"id": {"S": image_id}},
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={
                    name: of for name, of in names.items() if name in expression + condition
                },
                ExpressionAttributeValues=values,
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _tell(self, failed: FailedExecution) -> None:
        detail = {
            "id": failed.upload.id,
            "error": failed.failure["name"],
            "cause": failed.failure["cause"],
            "workflow": "RemoveImage" if failed.removal else "ProcessImage",
            "execution": failed.arn,
            "redrives": failed.redrives,
        }
        entry = {"Source": EVENT_SOURCE, "DetailType": "ImageFailed", "Detail": json.dumps(detail)}
        answer = self._events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise NotAnnounced(f"EventBridge did not take the event: {answer['Entries'][0].get('ErrorCode')}")
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=subject(failed),
            Message=message(failed, self._stack_name),
            MessageAttributes={"error": {"DataType": "String", "StringValue": failed.failure["name"]}},
        )


def _of(failed: FailedExecution) -> dict[str, Any]:
    return {
        ":sequencer": {"S": failed.upload.sequencer},
        ":execution": {"S": failed.arn},
        ":redrives": {"N": str(failed.redrives)},
        ":now": {"S": _now()},
        ":error": {
            "M": {
                "name": {"S": failed.failure["name"]},
                "cause": {"S": failed.failure["cause"]},
                "execution": {"S": failed.arn},
                "redrives": {"N": str(failed.redrives)},
            }
        },
    }


def _typed(value: str | int) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _now() -> str:
    """As the workflows write times, so that they sort as text: ISO 8601 in UTC, milliseconds, Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
