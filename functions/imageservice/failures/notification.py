"""Announces a failure: as an event for machines, and as a message that says what an operator should do."""

import json
import shlex
from typing import Any

from imageservice.core.errors import NotAnnounced
from imageservice.core.upload_event import EVENT_SOURCE
from imageservice.failures.advice import advice_on
from imageservice.failures.failed_execution import FailedExecution

# SNS: ASCII without line breaks, less than 100 characters. docs.aws.amazon.com/sns/latest/api/API_Publish.html
_SUBJECT_CHARACTERS = 99


class Notifier:
    """Announces failures on the event bus, and on the topic that operators subscribe to."""

    def __init__(self, events: Any, sns: Any, topic_arn: str, stack_name: str) -> None:
        self._events, self._sns = events, sns
        self._topic_arn, self._stack_name = topic_arn, stack_name

    def announce(self, failed: FailedExecution) -> None:
        """Raises NotAnnounced if EventBridge did not accept the event; then no message was sent either."""
        answer = self._events.put_events(Entries=[event(failed)])
        if answer["FailedEntryCount"]:
            raise NotAnnounced(f"EventBridge refused the event: {answer['Entries'][0].get('ErrorCode')}")
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=subject(failed),
            Message=message(failed, self._stack_name),
            MessageAttributes={"error": {"DataType": "String", "StringValue": failed.failure["name"]}},
        )


def event(failed: FailedExecution) -> dict[str, str]:
    """ImageFailed, as an entry for PutEvents."""
    detail = {
        "id": failed.upload.id,
        "error": failed.failure["name"],
        "cause": failed.failure["cause"],
        "workflow": failed.workflow,
        "execution": failed.arn,
        "redrives": failed.redrives,
    }
    return {"Source": EVENT_SOURCE, "DetailType": "ImageFailed", "Detail": json.dumps(detail)}


def subject(failed: FailedExecution) -> str:
    """One line for a mailbox's list."""
    what = "Removal failed" if failed.removal else "Image failed"
    text = f"{what}: {failed.failure['name']}: {failed.upload.id}"
    return " ".join(text.encode("ascii", "replace").decode().split())[:_SUBJECT_CHARACTERS]


def message(failed: FailedExecution, stack_name: str) -> str:
    """The failure for a person: what happened, what it means, what to do. Machines subscribe to ImageFailed."""
    advice = advice_on(failed.failure["name"], failed.failure["cause"])
    what = "The image could not be removed." if failed.removal else "The image could not be processed."
    served = "" if failed.removal else " Renditions of an earlier upload are still served."
    replay = f"images replay --stack {shlex.quote(stack_name)} -- {shlex.quote(failed.upload.id)}"
    lines = [
        f"{what}{served}",
        "",
        f"Image:     {failed.upload.id}",
        f"Error:     {failed.failure['name']}",
        f"Cause:     {failed.failure['cause']}",
        f"Meaning:   {advice.meaning}",
        f"What to do: {advice.remedy}",
        *([f"To replay: {replay}"] if advice.replay else []),
        f"Execution: {failed.arn}" + (f" (redriven {failed.redrives} times)" if failed.redrives else ""),
    ]
    return "\n".join(lines)
