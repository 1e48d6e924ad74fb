"""Changes the focal point of an image: copies its original over itself with other metadata.

The copy is an upload like any other, so every order of events ends right, and an earlier focal point can be restored
like an earlier image. It says which version it is a copy of, so that only the crops are made (core/refocusing).
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from imageservice.core.original_metadata import FOCUS, REFOCUSED_FROM, RESTORED_FROM, UPLOADED_AT
from imageservice_operator.operations import audit
from imageservice_operator.operations.errors import ImageNotFound, OperationFailed
from imageservice_operator.operations.images import check_keys
from imageservice_operator.operations.original_copy import copied_over, uploaded_at
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.uploads import Upload, checked_focus


def refocus(stack: Stack, image_id: str, focus: str) -> Upload:
    """Gives the image this focal point (imageservice.core.focus); with an empty one, it has none any more.

    Puts the act on record. Raises BadRequest for an invalid focal point, ImageNotFound if there is no original, and
    OperationFailed if the image has this focal point already, or was uploaded or removed meanwhile: then nothing
    changed.
    """
    check_keys([image_id])
    focus = checked_focus(focus) if focus else ""
    try:
        current = stack.client("s3").head_object(Bucket=stack.source_bucket, Key=image_id)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            raise ImageNotFound(f"There is no original {image_id}.") from error
        raise
    before = current["Metadata"].get(FOCUS, "")
    if before == focus:
        has = f"has the focal point {focus}" if focus else "has no focal point"
        raise OperationFailed(f"{image_id} {has} already; nothing was changed.")
    version = current.get("VersionId")
    copied_of = {REFOCUSED_FROM: version or "null", UPLOADED_AT: uploaded_at(current)}
    old = {name: text for name, text in current["Metadata"].items() if name not in (FOCUS, RESTORED_FROM)}
    metadata = {**old, **({FOCUS: focus} if focus else {}), **copied_of}
    with audit.recorded(stack, "focus", image=image_id, focus=focus or "none") as act:
        copied = copied_over(stack, image_id, version, current, metadata, over=current["ETag"])
        act.outcome = f"stored as version {copied.version_id}"
    return copied
