"""Copies a version of an original over the current one, with other metadata: an upload like any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from imageservice.core.original_metadata import UPLOADED_AT, is_copy
from imageservice.core.timestamps import to_text
from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.uploads import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

# S3's codes where the destination is not what the condition says: something was uploaded, or removed, meanwhile.
_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


def uploaded_at(described: Any) -> str:
    """When the original that HeadObject describes was uploaded; of a copy of a copy, the first one.

    The text that came with it is as old as it was (imageservice.core.uploaded_text).
    """
    first: str | None = described["Metadata"].get(UPLOADED_AT) if is_copy(described["Metadata"]) else None
    return first or to_text(described["LastModified"])


def copied_over(
    stack: Stack,
    image_id: str,
    version: str | None,
    described: Any,
    metadata: Mapping[str, str],
    *,
    over: str | None,
) -> Upload:
    """Copies `version` of the original, `described` by HeadObject, over the one with the etag `over`, or over none.

    Raises OperationFailed if the version is gone, or if something was uploaded or removed meanwhile: then nothing
    changed.
    """
    # S3 itself refuses the copy if the current version is no longer the one that was looked at.
    condition: Any = {"IfMatch": over} if over else {"IfNoneMatch": "*"}
    source: CopySourceTypeDef = {"Bucket": stack.source_bucket, "Key": image_id}
    if version:
        source["VersionId"] = version
    try:
        answer = stack.client("s3").copy_object(
            Bucket=stack.source_bucket,
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
            raise OperationFailed(
                f"{image_id} was uploaded or removed meanwhile; nothing was changed. Look at it, then try again."
            ) from error
        if code == "NoSuchVersion":
            raise OperationFailed(f"The version {version} of {image_id} has just expired.") from error
        raise
    etag = answer["CopyObjectResult"]["ETag"].strip('"')
    return Upload(image_id, described["ContentLength"], etag, answer.get("VersionId"))
