"""What the end of an execution says: which upload it was about, and why it failed, in words that a person understands.

The `detail` of a `Step Functions Execution Status Change` and the answer of DescribeExecution have the same members, so
both are described here by the same functions. Source:
docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imageservice.core.manifest import Failure
from imageservice.core.sequencer import is_newer
from imageservice.core.upload_event import Upload, is_removal, upload_from_event

REJECTED = "ImageRejected"
# Long enough for any error message worth reading; the whole of it stays in the execution's history.
_CAUSE_CHARACTERS = 1000
_LAMBDA_PREFIX = re.compile(r"^(RequestId: \S+ Error: |[0-9T:.Z-]+ [0-9a-f-]{36} )")


class NotAnUpload(ValueError):
    """The input of an execution is no event of SourceBucket: an operator started the workflow by hand."""


@dataclass(frozen=True)
class FailedExecution:
    """An execution that failed, timed out or was stopped, after `redrives` redrives.

    `removal` says which workflow it ran: RemoveImage or ProcessImage. `stopped` is None if the source has no time.
    """

    arn: str
    redrives: int
    upload: Upload
    removal: bool
    failure: Failure
    stopped: datetime | None = None

    @property
    def is_incident(self) -> bool:
        """Whether something broke. A rejected image is its uploader's concern."""
        return self.failure["name"] != REJECTED

    @property
    def workflow(self) -> str:
        """The workflow's name in template.yaml."""
        return "RemoveImage" if self.removal else "ProcessImage"


def failed_execution(description: Mapping[str, Any]) -> FailedExecution:
    """The failed execution of an event's detail, or of a description. Raises NotAnUpload."""
    arn = description["executionArn"]
    try:
        event = json.loads(description.get("input") or "{}")
        upload = upload_from_event(event)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotAnUpload(f"the input of {arn} is no event of an upload: {error!r}") from error
    return FailedExecution(
        arn=arn,
        redrives=description.get("redriveCount") or 0,
        upload=upload,
        removal=is_removal(event),
        failure=failure_of(description["status"], description.get("error"), description.get("cause")),
        stopped=_moment(description.get("stopDate")),
    )


def failure_of(status: str, error: str | None, cause: str | None) -> Failure:
    """The failure of an execution that ended with `status`: its name, and its cause as a person reads it.

    A time-out of the whole execution is `States.Timeout`; one that was stopped is `Stopped`, unless StopExecution was
    given an error.
    """
    if status == "TIMED_OUT":
        return Failure(
            name=error or "States.Timeout",
            cause=message_in(cause) or "The workflow exceeded its time limit.",
        )
    if status == "ABORTED":
        return Failure(
            name=error or "Stopped", cause=message_in(cause) or "An operator stopped the workflow."
        )
    return Failure(name=error or "Unknown", cause=message_in(cause) or "The workflow gave no cause.")


def message_in(cause: str | None) -> str:
    """The message within a cause: Lambda wraps an exception in JSON, with its stack trace and request id."""
    text = (cause or "").strip()
    wrapped = _wrapped(text)
    text = str(wrapped.get("errorMessage") or wrapped.get("Message") or text).strip()
    return _LAMBDA_PREFIX.sub("", text)[:_CAUSE_CHARACTERS]


def stack_trace_in(cause: str | None) -> str:
    """The stack trace within a cause, as Python prints it; "" if there is none."""
    lines = _wrapped(cause or "").get("stackTrace")
    return "".join(map(str, lines)) if isinstance(lines, list) else ""


def _wrapped(cause: str) -> dict[str, Any]:
    try:
        wrapped = json.loads(cause)
    except (ValueError, RecursionError):
        return {}
    return wrapped if isinstance(wrapped, dict) else {}


def overtaken(failed: FailedExecution, item: Mapping[str, Any] | None) -> bool:
    """Whether the failure no longer concerns an image with this item: something newer is served or was deleted, or
    another execution has done the work, or is to do it.

    A newer upload alone is not enough: if that one is bad, this one is served.
    """
    if item is None or not item.get("sequencer"):
        return False
    latest, own = item["sequencer"], failed.upload.sequencer
    if latest == own:
        if failed.removal:  # `replaced` are the renditions still to be removed
            return not item.get("error") and "replaced" not in item
        if item["status"] == "PROCESSING":
            return bool(item.get("execution") != failed.arn)
        return item["status"] in ("READY", "REJECTED", "DELETED")
    if not is_newer(latest, own):  # also if they are not comparable: a replay asks S3
        return False
    if item["status"] in ("READY", "DELETED"):
        return True
    if "served_sequencer" not in item:  # nothing is served yet, or it is an item of version 0.2.0
        return "revision" in item
    return is_newer(item["served_sequencer"], own)


def _moment(value: datetime | int | None) -> datetime | None:
    """Events have milliseconds since 1970, boto3's answers have datetimes."""
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else value
