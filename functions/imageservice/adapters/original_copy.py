"""Copies a version of an original over the current one, with other metadata: an upload like any other.

So every order of events ends right. A focal point is changed in this way: the copy says which version it is a copy of,
so that only the crops are made (core/refocusing), and an earlier focal point can be restored like an earlier image.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imageservice.core.errors import ImageChanged, ImageUnknown, RequestInvalid, StoreUnavailable
from imageservice.core.original_metadata import (
    FOCUS,
    MOST_BYTES,
    REFOCUSED_FROM,
    RESTORED_FROM,
    UPLOADED_AT,
    is_copy,
)
from imageservice.core.timestamps import to_text

# S3's codes where the destination is not what the condition says: something was uploaded, or removed, meanwhile.
_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
_MISSING = 404


@dataclass(frozen=True)
class Copy:
    """The upload that a copy is. `version_id` is None in a bucket without versions."""

    etag: str
    version_id: str | None


def current_original(client: Any, bucket: str, image_id: str) -> Any:
    """What S3's HeadObject says about the original. Raises ImageUnknown if there is none, and what botocore raises."""
    from botocore.exceptions import ClientError

    try:
        return client.head_object(Bucket=bucket, Key=image_id)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == _MISSING:
            raise ImageUnknown(f"There is no original {image_id}.") from error
        raise


def uploaded_at(described: Any) -> str:
    """When the original that HeadObject describes was uploaded; of a copy of a copy, the first one.

    The text that came with it is as old as it was (imageservice.core.uploaded_text).
    """
    first: str | None = described["Metadata"].get(UPLOADED_AT) if is_copy(described["Metadata"]) else None
    return first or to_text(described["LastModified"])


def copy_with_focus(client: Any, bucket: str, image_id: str, described: Any, focus: str) -> Copy:
    """Copies the `described` original over itself with a checked focal point, or with none if that is empty.

    Raises what `copy_over` raises.
    """
    version, metadata = described.get("VersionId"), metadata_with_focus(described, focus)
    return copy_over(client, bucket, image_id, version, described, metadata, over=described["ETag"])


def metadata_with_focus(described: Any, focus: str) -> dict[str, str]:
    """The metadata of that copy. Raises RequestInvalid if S3 has no room for it."""
    copied_of = {REFOCUSED_FROM: described.get("VersionId") or "null", UPLOADED_AT: uploaded_at(described)}
    old = {name: text for name, text in described["Metadata"].items() if name not in (FOCUS, RESTORED_FROM)}
    metadata = {**old, **({FOCUS: focus} if focus else {}), **copied_of}
    _check_room(metadata)
    return metadata


def copy_over(
    client: Any,
    bucket: str,
    image_id: str,
    version: str | None,
    described: Any,
    metadata: Mapping[str, str],
    *,
    over: str | None,
) -> Copy:
    """Copies `version` of the original, `described` by HeadObject, over the one with the etag `over`, or over none.

    Raises ImageUnknown if the version is gone, ImageChanged if something was uploaded or removed meanwhile, and
    RequestInvalid if S3 has no room for the metadata: then nothing changed. Also raises what botocore raises.
    """
    from botocore.exceptions import ClientError

    _check_room(metadata)
    # S3 itself refuses the copy if the current version is no longer the one that was looked at.
    condition = {"IfMatch": over} if over else {"IfNoneMatch": "*"}
    source = {"Bucket": bucket, "Key": image_id, **({"VersionId": version} if version else {})}
    try:
        answer = client.copy_object(
            Bucket=bucket,
            Key=image_id,
            CopySource=source,
            MetadataDirective="REPLACE",
            Metadata=dict(metadata),
            ContentType=described["ContentType"],
            **condition,
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _OVERTAKEN:
            raise ImageChanged(
                f"{image_id} was uploaded or removed meanwhile; nothing was changed. Look at it, then try again."
            ) from error
        if code == "NoSuchVersion":
            raise ImageUnknown(f"The version {version} of {image_id} has just expired.") from error
        raise
    return Copy(answer["CopyObjectResult"]["ETag"].strip('"'), answer.get("VersionId"))


def _check_room(metadata: Mapping[str, str]) -> None:
    used = sum(len(name) + len(value) for name, value in metadata.items())
    if used > MOST_BYTES:
        raise RequestInvalid(
            f"The original's metadata takes {used:,} bytes with this change; S3 stores at most {MOST_BYTES:,}."
        )


@dataclass(frozen=True)
class FocalPoints:
    """The focal points of originals, for a function. Raises StoreUnavailable where S3 fails."""

    client: Any

    def described(self, bucket: str, image_id: str) -> Any:
        """The original as `current_original` has it. Raises ImageUnknown."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return current_original(self.client, bucket, image_id)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"the image's original can't be read: {error}") from error

    def check(self, described: Any, focus: str) -> None:
        """Raises RequestInvalid if the described original has no room for this focal point."""
        metadata_with_focus(described, focus)

    def change(self, bucket: str, image_id: str, described: Any, focus: str) -> str:
        """The version that has the focal point now. Raises ImageChanged, ImageUnknown and RequestInvalid."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            copied = copy_with_focus(self.client, bucket, image_id, described, focus)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"the image's original can't be copied: {error}") from error
        return copied.version_id or ""
