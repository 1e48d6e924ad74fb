"""Changes the focal point of an image, as PATCH /metadata does: by a copy (imageservice.adapters.original_copy)."""

from __future__ import annotations

from imageservice.adapters.original_copy import current_original
from imageservice.core.errors import ImageUnknown
from imageservice.core.original_metadata import focus_in
from imageservice_operator.operations import audit
from imageservice_operator.operations.errors import ImageNotFound, OperationFailed
from imageservice_operator.operations.images import check_keys
from imageservice_operator.operations.original_copy import copied_with_focus
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
        current = current_original(stack.client("s3"), stack.source_bucket, image_id)
    except ImageUnknown as error:
        raise ImageNotFound(str(error)) from error
    if focus_in(current["Metadata"]) == focus:
        has = f"has the focal point {focus}" if focus else "has no focal point"
        raise OperationFailed(f"{image_id} {has} already; nothing was changed.")
    with audit.recorded(stack, "focus", image=image_id, focus=focus or "none") as act:
        copied = copied_with_focus(stack, image_id, current, focus)
        act.outcome = f"stored as version {copied.version_id}"
    return copied
