"""Puts photos into SourceBucket, and waits until their images have settled."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from imageservice.core.audit import Actor
from imageservice.core.errors import FocusInvalid, ImageIdInvalid, RequestInvalid
from imageservice.core.focus import check_focus
from imageservice.core.image_id import check_image_id
from imageservice.core.image_text import NO_TEXT
from imageservice.core.original_metadata import FOCUS, uploaded_by
from imageservice.core.text_rules import check_text
from imageservice.core.uploaded_text import text_metadata
from imageservice_operator.operations import audit
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.executions import describe_many
from imageservice_operator.operations.images import Image, get_many
from imageservice_operator.operations.stack import Stack

SETTLED = ("READY", "REJECTED", "FAILED", "DELETED")
_MULTIPART = TransferConfig(multipart_threshold=16 * 1024 * 1024, multipart_chunksize=16 * 1024 * 1024)
_FIRST_LOOK_S, _SLOWEST_LOOK_S, _SLOWEST_LOCAL_LOOK_S = 0.1, 3.0, 0.3
# Executions to describe at each look: DescribeExecution is throttled at 15 per second in most regions.
_ASKED_AT_ONCE = 5


@dataclass(frozen=True)
class Upload:
    """One upload that S3 has accepted; `version_id` distinguishes it from others of the same id."""

    id: str
    bytes: int
    etag: str
    version_id: str | None


def check_id(image_id: str) -> None:
    """Raises BadRequest for an id that an image can't have, with the API's own message."""
    try:
        check_image_id(image_id)
    except ImageIdInvalid as error:
        raise BadRequest(str(error)) from error


def checked_focus(text: str) -> str:
    """The focal point in the form that is stored. Raises BadRequest, with the API's own message."""
    try:
        return check_focus(text)
    except FocusInvalid as error:
        raise BadRequest(str(error)) from error


def checked_text(text: Mapping[str, Any], others: Mapping[str, str]) -> dict[str, str]:
    """The metadata that sets this text, beside `others`. Raises BadRequest, with the API's own message."""
    try:
        return text_metadata(text, others)
    except RequestInvalid as error:
        raise BadRequest(str(error)) from error


def with_file_name(text: Mapping[str, Any], image_id: str, name: str) -> Mapping[str, Any]:
    """The text, with the file's name if the id does not end with it and an image's text can hold it."""
    if "filename" in text or image_id.rpartition("/")[2] == name:
        return text
    try:
        return check_text({**text, "filename": name})
    except RequestInvalid:
        return text


def upload(
    stack: Stack,
    source: Path | BinaryIO,
    image_id: str,
    *,
    content_type: str | None = None,
    focus: str = "",
    text: Mapping[str, Any] = NO_TEXT,
    on_progress: Callable[[int], Any] | None = None,
) -> Upload:
    """Puts a file, or an open one, under `image_id`; large ones in parts.

    A replacement is put on record; every original says who stored it. `on_progress` gets the number of bytes of each
    piece sent. Raises BadRequest for an id, a focal point (imageservice.core.focus) or a text
    (imageservice.core.image_text) that is not valid, OSError for a file that can't be read.
    """
    check_id(image_id)
    noted = uploaded_by(Actor(stack.caller, stack.via))
    if focus:
        noted[FOCUS] = checked_focus(focus)
    noted |= checked_text(text, noted)
    kind = content_type or mimetypes.guess_type(image_id)[0] or "application/octet-stream"
    client = stack.client("s3")
    options: dict[str, Any] = {
        "ExtraArgs": {"ContentType": kind, "Metadata": noted},
        "Config": _MULTIPART,
        "Callback": on_progress,
    }
    replaces = _newest(stack, image_id) is not None
    with audit.recorded(stack, "replace", image=image_id) if replaces else nullcontext():
        if isinstance(source, Path):
            client.upload_file(str(source), stack.source_bucket, image_id, **options)
        else:
            client.upload_fileobj(source, stack.source_bucket, image_id, **options)
    head = client.head_object(Bucket=stack.source_bucket, Key=image_id)
    return Upload(image_id, head["ContentLength"], head["ETag"].strip('"'), head.get("VersionId"))


def wait_until_settled(
    stack: Stack, uploads: Sequence[Upload], *, timeout: float = 300
) -> Iterator[tuple[Upload, Image | None]]:
    """Yields each upload with its image, as soon as that is READY, REJECTED, FAILED or DELETED.

    An image whose execution has failed counts as FAILED (or REJECTED) even if its item does not say so yet: another
    function writes that, and may be late or broken itself. An upload that a newer one of the same id has overtaken
    comes with the newer one's image. Those that have not settled within `timeout` seconds come last, with their image
    as it is then, or None if none is known.
    """
    waiting = dict(enumerate(uploads))
    slowest = _SLOWEST_LOCAL_LOOK_S if stack.is_local else _SLOWEST_LOOK_S
    deadline, pause = time.monotonic() + timeout, _FIRST_LOOK_S
    while waiting:
        found = get_many(stack, [each.id for each in waiting.values()])
        asked = 0
        for index, each in list(waiting.items()):
            image = found.get(each.id)
            if image is None:
                continue
            if image.status == "PROCESSING" and asked < _ASKED_AT_ONCE and _is_of(image, each):
                asked += 1
                waiting[index] = waiting.pop(index)  # those behind it are described at the next look
                image = found[each.id] = _as_its_execution_ended(stack, image)
            if _settled(stack, each, image):
                del waiting[index]
                pause = _FIRST_LOOK_S
                yield each, image
        if waiting and time.monotonic() > deadline:
            yield from ((each, found.get(each.id)) for each in waiting.values())
            return
        if waiting:
            time.sleep(pause)
            pause = min(pause * 1.3, slowest)


def _as_its_execution_ended(stack: Stack, image: Image) -> Image:
    """An image that is PROCESSING, with the status and error of its execution if that has failed."""
    execution = next(describe_many(stack, [image.execution]), None) if image.execution else None
    if execution is None or execution.failure is None:
        return image
    status, error = "REJECTED" if execution.rejected else "FAILED", dict(execution.failure)
    return replace(image, status=status, error=error, item={**image.item, "status": status, "error": error})


def _settled(stack: Stack, upload: Upload, image: Image) -> bool:
    if image.status not in SETTLED:
        return False
    if image.status != "DELETED" and _is_of(image, upload):
        return True
    # Another upload's outcome, or a tombstone: an older one, unless it is of what S3 has now.
    newest = _newest(stack, upload.id)
    latest = newest.get("VersionId") if newest else None
    return latest != upload.version_id and (
        image.status == "DELETED" or latest == image.upload.get("version_id")
    )


def _is_of(image: Image, upload: Upload) -> bool:
    """Whether the image's item is about this upload, not about an earlier or a later one of its id."""
    if upload.version_id:
        return bool(image.upload.get("version_id") == upload.version_id)
    return bool(image.upload.get("etag") == upload.etag)


def _newest(stack: Stack, image_id: str) -> Mapping[str, Any] | None:
    """What S3 says about the original as it is now; None if there is none."""
    try:
        return stack.client("s3").head_object(Bucket=stack.source_bucket, Key=image_id)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
