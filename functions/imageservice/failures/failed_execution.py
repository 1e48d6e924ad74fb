"""What a workflow's end tells: which upload it was about, and why it failed, in words that a person understands."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imageservice.core.keys import padded_sequencer
from imageservice.core.manifest import Failure

FAILED_STATUSES = ("FAILED", "TIMED_OUT", "ABORTED")
REJECTED = "ImageRejected"
# Long enough for any error message worth reading; the whole of it stays in the execution's history.
_CAUSE_CHARACTERS = 1000
_LAMBDA_PREFIX = re.compile(r"^(RequestId: \S+ Error: |[0-9T:.Z-]+ [0-9a-f-]{36} )")


@dataclass(frozen=True)
class Upload:
    """The upload that an execution worked on, as S3's event told it; `sequencer` is padded.

    `bytes`, `etag` and `version_id` are None where the event had none (a deletion's has no size).
    """

    id: str
    bucket: str
    sequencer: str
    etag: str | None
    bytes: int | None
    version_id: str | None

    def record(self) -> dict[str, Any]:
        """The item's `upload` (design section 7), without what is not known."""
        known = {
            "bucket": self.bucket,
            "key": self.id,
            "etag": self.etag,
            "bytes": self.bytes,
            "version_id": self.version_id,
        }
        return {name: value for name, value in known.items() if value is not None}


def upload_of(event: Mapping[str, Any]) -> Upload:
    """The upload in an execution's input. Raises KeyError where that is no event of SourceBucket."""
    detail = event["detail"]
    described = detail["object"]
    return Upload(
        id=described["key"],
        bucket=detail["bucket"]["name"],
        sequencer=padded_sequencer(described["sequencer"]),
        etag=described.get("etag"),
        bytes=described.get("size"),
        version_id=described.get("version-id"),
    )


@dataclass(frozen=True)
class FailedExecution:
    """An execution that failed, timed out or was stopped, after `redrives` redrives; `removal` tells the workflow."""

    arn: str
    redrives: int
    upload: Upload
    removal: bool
    failure: Failure

    @property
    def is_incident(self) -> bool:
        """Whether something broke; a rejected image is its uploader's matter."""
        return self.failure["name"] != REJECTED


def failed_execution(
    arn: str, redrives: int, status: str, error: str | None, cause: str | None, input: str
) -> FailedExecution:
    """What an execution's end tells, be it from its event or its description. `input` is JSON.

    Raises ValueError where the input is no event of SourceBucket: somebody started the workflow by hand.
    """
    try:
        event = json.loads(input)
        upload = upload_of(event)
    except (KeyError, TypeError, ValueError) as error_in_input:
        raise ValueError(
            f"the input of {arn} is no event of an upload: {error_in_input!r}"
        ) from error_in_input
    removal = event.get("detail-type") == "Object Deleted"
    return FailedExecution(arn, redrives, upload, removal, failure_of(status, error, cause))


def failure_of(status: str, error: str | None, cause: str | None) -> Failure:
    """The failure of an execution that ended with `status`, its name and its cause as a person reads them.

    A time-out of the whole execution is `States.Timeout`, one that somebody stopped `Stopped` unless they gave a name.
    """
    if status == "TIMED_OUT":
        return Failure(
            name=error or "States.Timeout",
            cause=plain_cause(cause) or "The workflow took longer than it may.",
        )
    if status == "ABORTED":
        return Failure(name=error or "Stopped", cause=plain_cause(cause) or "Somebody stopped the workflow.")
    return Failure(name=error or "Unknown", cause=plain_cause(cause) or "The workflow gave no cause.")


def plain_cause(cause: str | None) -> str:
    """The message within a cause: Lambda wraps an exception in JSON, with its stack trace and request id."""
    text = (cause or "").strip()
    try:
        wrapped = json.loads(text)
    except ValueError:
        wrapped = None
    if isinstance(wrapped, dict):
        text = str(wrapped.get("errorMessage") or wrapped.get("Message") or text).strip()
    return _LAMBDA_PREFIX.sub("", text)[:_CAUSE_CHARACTERS]
