"""The state of one upload of an image, as a page that waits for it polls it.

    PROCESSING   stored, and its renditions are on their way; also before the workflow has begun
    READY        its renditions are what readers get
    REJECTED     the file is bad; `reason` is for its uploader
    FAILED       processing broke; it will be tried again without a new upload
    SUPERSEDED   a newer upload of the image has taken its place
    DELETED      the image was deleted after it

The table knows the newest upload that has begun. SourceBucket knows those before it, and those whose event is still on
its way: right after an upload, there is no moment at which it is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

UploadStatus = Literal["PROCESSING", "READY", "REJECTED", "FAILED", "SUPERSEDED", "DELETED"]

_REASONS: Mapping[str, str] = {
    "FAILED": "Processing failed; it will be tried again.",
    "SUPERSEDED": "A newer upload of this image has taken its place.",
    "DELETED": "The image was deleted.",
}


class UploadState(TypedDict):
    """One upload. `served` is whether readers get the image of this very upload."""

    id: str
    version_id: NotRequired[str]
    status: UploadStatus
    reason: NotRequired[str]
    served: bool


@dataclass(frozen=True)
class StoredVersions:
    """What SourceBucket has of an original.

    `newest` is the current version, None if there is none. `existed` says whether there is anything at all of it, a
    delete marker included, `asked` whether the version that was asked for is among it.
    """

    newest: str | None
    existed: bool
    asked: bool


def state_in_table(image_id: str, version_id: str, item: Mapping[str, Any] | None) -> UploadState | None:
    """The upload's state, if it is the latest one that has begun; None if the table does not know it."""
    if item is None or item.get("upload", {}).get("version_id") != version_id:
        return None
    status: UploadStatus = item["status"]
    reason = item["error"]["cause"] if status == "REJECTED" else None
    return _state(image_id, version_id, status, item, reason)


def state_in_bucket(
    image_id: str, version_id: str, item: Mapping[str, Any] | None, stored: StoredVersions
) -> UploadState | None:
    """The state of an upload that the table does not know; None if there is no such upload."""
    if stored.newest == version_id:
        return _state(image_id, version_id, "PROCESSING", item)
    if not stored.asked:
        return None
    return _state(image_id, version_id, "DELETED" if stored.newest is None else "SUPERSEDED", item)


def state_of_deleted(image_id: str) -> UploadState:
    """There were uploads, and none is left that could be served."""
    return UploadState(id=image_id, status="DELETED", reason=_REASONS["DELETED"], served=False)


def _state(
    image_id: str,
    version_id: str,
    status: UploadStatus,
    item: Mapping[str, Any] | None,
    reason: str | None = None,
) -> UploadState:
    served = (
        item is not None and bool(item.get("renditions")) and item["source"].get("version_id") == version_id
    )
    state = UploadState(id=image_id, version_id=version_id, status=status, served=served)
    if reason := reason or _REASONS.get(status):
        state["reason"] = reason
    return state
