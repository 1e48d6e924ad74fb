"""Removes images by deleting their originals; the workflow RemoveImage does the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from imageservice_operator.operations import audit
from imageservice_operator.operations.images import Image, check_keys, get_many
from imageservice_operator.operations.stack import Stack


def remove(stack: Stack, image_id: str) -> bool:
    """Deletes the original. Returns False if there is none; then nothing happens.

    The bucket keeps earlier versions of it for 30 days: operations/restoration undoes the removal. Raises
    BadRequest for an id that no object in S3 can have.
    """
    check_keys([image_id])
    if not _exists(stack, image_id):
        return False
    with audit.recorded(stack, "remove", image=image_id):
        stack.client("s3").delete_object(Bucket=stack.source_bucket, Key=image_id)
    return True


def wait_until_removed(
    stack: Stack, image_ids: Sequence[str], timeout: float = 120
) -> Iterator[tuple[str, Image | None]]:
    """Yields each id as soon as its image is DELETED and its renditions are gone; those that time out come last."""
    waiting = list(dict.fromkeys(image_ids))
    deadline, pause = time.monotonic() + timeout, 0.2
    while waiting:
        found = get_many(stack, waiting)
        late = time.monotonic() > deadline
        for image_id in list(waiting):
            image = found.get(image_id)
            if late or (image and image.status == "DELETED" and "replaced" not in image.item):
                waiting.remove(image_id)
                yield image_id, image
        if waiting:
            time.sleep(pause)
            pause = min(pause * 1.3, 3.0)


def _exists(stack: Stack, image_id: str) -> bool:
    answer = stack.client("s3").list_objects_v2(Bucket=stack.source_bucket, Prefix=image_id, MaxKeys=1)
    # The listing is in order of the keys' bytes, and the id itself comes first of all that begin with it.
    return any(entry["Key"] == image_id for entry in answer.get("Contents", []))
