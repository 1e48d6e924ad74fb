"""Which originals are to be made again, and the event that has it done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from imageservice.core.keys import digest, source_identity

Decision = Literal["PROCESS", "UP_TO_DATE", "UNDER_WAY", "DELETED", "REJECTED", "NOT_ASKED_FOR"]
# ProcessImage's own time-out: what has been PROCESSING for longer is no longer under way.
_LONGEST_RUN = timedelta(hours=1)


@dataclass(frozen=True)
class Wanted:
    """Which originals are asked for: those whose image has one of the statuses `only`, or all where it is empty.

    With `force`, also those that are up to date, and those that were rejected.
    """

    only: Sequence[str] = ()
    force: bool = False


def decide(
    item: Mapping[str, Any] | None, wanted: Wanted, plan_fingerprint: str, engine: str, now: datetime
) -> Decision:
    """What is to become of an original whose image has this item (None: no workflow has ever taken it up)."""
    status = item["status"] if item else "NEW"
    if status == "DELETED":
        return "DELETED"  # a tombstone stays one: either the deletion or a re-upload is on its way
    if wanted.only and status not in wanted.only:
        return "NOT_ASKED_FOR"
    if item is None:
        return "PROCESS"
    if status == "PROCESSING" and now - datetime.fromisoformat(item["updated_at"]) < _LONGEST_RUN:
        return "UNDER_WAY"
    if wanted.force:
        return "PROCESS"
    if status == "REJECTED" and "REJECTED" not in wanted.only:
        return "REJECTED"
    made_of = digest(source_identity(item["upload"]), plan_fingerprint, engine)
    if status == "READY" and item.get("digest") == made_of:
        return "UP_TO_DATE"
    return "PROCESS"


def event_for(
    bucket: str, upload: Mapping[str, Any], sequencer: str, force: bool, now: datetime
) -> dict[str, Any]:
    """An Object Created event that has `upload` (key, etag, bytes, version_id) processed as of its own `sequencer`:
    so that a newer upload still wins. Its reason is Reprocess, on which a READY image is looked at again."""
    described = {
        "key": upload["key"],
        "size": upload.get("bytes"),
        "etag": upload.get("etag"),
        "version-id": upload.get("version_id"),
        "sequencer": sequencer,
    }
    return {
        "source": "image-service",
        "detail-type": "Object Created",
        "time": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "detail": {
            "reason": "Reprocess",
            "force": force,
            "bucket": {"name": bucket},
            "object": {name: value for name, value in described.items() if value is not None},
        },
    }
