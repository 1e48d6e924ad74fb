"""Which originals' renditions are made again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from imageservice.core.keys import digest, source_identity
from imageservice.core.timestamps import from_text

Decision = Literal["PROCESS", "UP_TO_DATE", "UNDER_WAY", "DELETED", "REJECTED", "NOT_ASKED_FOR"]
LONGEST_RUN = timedelta(days=6)
"""ProcessImage's own timeout: an image that has been PROCESSING for longer is no longer being processed."""


@dataclass(frozen=True)
class Selection:
    """Which originals to look at: those whose image has one of the statuses `only`, or all if it is empty.

    NEW is the status of an original without an image. With `force`, those that are up to date and those that were
    rejected are made again as well.
    """

    only: Sequence[str] = ()
    force: bool = False


def decide(
    item: Mapping[str, Any] | None,
    selection: Selection,
    plan_fingerprint: str,
    engine: str,
    now: datetime,
    etag: str = "",
) -> Decision:
    """What to do about an original whose image has this item; None if no workflow has ever processed it.

    `etag` is the original's in the bucket, "" if it is not known.
    """
    status = item["status"] if item else "NEW"
    if status == "DELETED":
        return "DELETED"  # a tombstone stays one: either the deletion or a re-upload is on its way
    if selection.only and status not in selection.only:
        return "NOT_ASKED_FOR"
    if item is None:
        return "PROCESS"
    if status == "PROCESSING" and now - from_text(item["updated_at"]) < LONGEST_RUN:
        return "UNDER_WAY"
    if selection.force or is_overlooked(item, etag):
        return "PROCESS"
    if status == "REJECTED" and "REJECTED" not in selection.only:
        return "REJECTED"
    focus = item.get("source", {}).get("focus", "")
    made_of = digest(source_identity(item["upload"]), plan_fingerprint, engine, focus)
    if status == "READY" and item.get("digest") == made_of:
        return "UP_TO_DATE"
    return "PROCESS"


def is_overlooked(item: Mapping[str, Any], etag: str) -> bool:
    """Whether the bucket has another original than the item: an event was lost, or the table was restored."""
    recorded = item.get("upload", {}).get("etag")
    return bool(etag and recorded and etag != recorded)
