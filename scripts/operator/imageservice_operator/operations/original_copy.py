"""Copies a version of an original over the current one; the operators' side of imageservice.adapters.original_copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from imageservice.adapters import original_copy
from imageservice.core.errors import ImageChanged, ImageUnknown, RequestInvalid
from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.uploads import Upload


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

    Raises OperationFailed if the version is gone, if something was uploaded or removed meanwhile, or if S3 has no room
    for the metadata: then nothing changed.
    """
    client, bucket = stack.client("s3"), stack.source_bucket
    with _refusals():
        made = original_copy.copy_over(client, bucket, image_id, version, described, metadata, over=over)
    return Upload(image_id, described["ContentLength"], made.etag, made.version_id)


def copied_with_focus(stack: Stack, image_id: str, described: Any, focus: str) -> Upload:
    """Copies the `described` original over itself with this focal point, or none. Raises as `copied_over`."""
    with _refusals():
        made = original_copy.copy_with_focus(
            stack.client("s3"), stack.source_bucket, image_id, described, focus
        )
    return Upload(image_id, described["ContentLength"], made.etag, made.version_id)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (ImageChanged, ImageUnknown, RequestInvalid) as error:
        raise OperationFailed(str(error)) from error
