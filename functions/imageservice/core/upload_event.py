"""An upload, in its three forms: S3's event, ImageTable's `upload`, and the event that processes it again.

an execution's input            upload_from_event(event)           KeyError if it is not an event of SourceBucket
an item of ImageTable           upload_from_item(item)             KeyError if the item has no upload
the item's `upload`             upload.record()
an event for ProcessImage       upload.created_event("Replay")     or "Reprocess", or with force
the same event, as a replay     as_replay(event)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from imageservice.core.timestamps import to_text

EVENT_SOURCE = "image-service"
"""The `source` of every event that the service itself makes."""

CREATED = "Object Created"
DELETED = "Object Deleted"
Reason = Literal["Replay", "Reprocess"]


@dataclass(frozen=True)
class Upload:
    """One upload of an image, or the deletion of one; `sequencer` orders all that happens to its key
    (imageservice.core.sequencer).

    `bytes`, `etag` and `version_id` are None if the event had none: a deletion's event has no size.
    """

    id: str
    bucket: str
    sequencer: str
    etag: str | None
    bytes: int | None
    version_id: str | None

    def record(self) -> dict[str, Any]:
        """The item's `upload` (bucket, key, etag, bytes, version_id), without what is not known."""
        return _without_none(
            bucket=self.bucket, key=self.id, etag=self.etag, bytes=self.bytes, version_id=self.version_id
        )

    def created_event(
        self, reason: Reason, *, force: bool = False, moment: datetime | None = None, plan: str = ""
    ) -> dict[str, Any]:
        """An Object Created event that processes this upload at its own sequencer, so that a newer one still wins.

        `Reprocess` also processes an image that is READY or REJECTED; `force` also one that is up to date. `plan` is
        JSON that replaces the deployment's rendition plan for this one execution.
        """
        s3_object = {
            "key": self.id,
            "size": self.bytes,
            "etag": self.etag,
            "version-id": self.version_id,
            "sequencer": self.sequencer,
        }
        return {
            "source": EVENT_SOURCE,
            "detail-type": CREATED,
            "time": to_text(moment or datetime.now(UTC)),
            "detail": {
                "reason": reason,
                "force": force,
                **({"plan": plan} if plan else {}),
                "bucket": {"name": self.bucket},
                "object": _without_none(**s3_object),
            },
        }


def upload_from_event(event: Mapping[str, Any]) -> Upload:
    """The upload in an Object Created or Object Deleted event. Raises KeyError or TypeError for any other event."""
    detail = event["detail"]
    s3_object = detail["object"]
    return Upload(
        id=s3_object["key"],
        bucket=detail["bucket"]["name"],
        sequencer=s3_object["sequencer"],
        etag=s3_object.get("etag"),
        bytes=s3_object.get("size"),
        version_id=s3_object.get("version-id"),
    )


def upload_from_item(item: Mapping[str, Any]) -> Upload:
    """The latest upload of an image's item. Raises KeyError if none is recorded."""
    upload = item["upload"]
    return Upload(
        id=upload["key"],
        bucket=upload["bucket"],
        sequencer=item["sequencer"],
        etag=upload.get("etag"),
        bytes=upload.get("bytes"),
        version_id=upload.get("version_id"),
    )


def is_removal(event: Mapping[str, Any]) -> bool:
    """Whether the event is RemoveImage's: the original was deleted."""
    return event.get("detail-type") == DELETED


def as_replay(event: Mapping[str, Any]) -> dict[str, Any]:
    """The same event, marked as a replay. A reprocessing stays one, because a replay skips an image that is READY.

    It belongs to no run any more: no run purges the CDN for it. Nor has it a plan of its own, which may have been
    given up.
    """
    detail = {name: value for name, value in event["detail"].items() if name not in ("run", "plan")}
    reason = detail.get("reason")
    return {**event, "detail": {**detail, "reason": reason if reason == "Reprocess" else "Replay"}}


def _without_none(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
