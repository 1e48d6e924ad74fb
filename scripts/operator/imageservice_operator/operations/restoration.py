"""Brings a removed or replaced image back: copies an earlier version of its original over it.

The copy is an upload like any other, so the workflow, the caches and every order of events treat it as one. It says
which version it restores, so that renditions of that version are copied while they are still there (resize/sizer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from imageservice.adapters.original_copy import uploaded_at
from imageservice.core.audit import Actor
from imageservice.core.original_metadata import RESTORED_FROM, UPLOADED_AT, UPLOADED_BY, uploaded_by
from imageservice.core.timestamps import to_text
from imageservice_operator.operations import audit
from imageservice_operator.operations.errors import BadRequest, ImageNotFound, OperationFailed
from imageservice_operator.operations.images import check_keys
from imageservice_operator.operations.original_copy import copied_over
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.uploads import Upload


@dataclass(frozen=True)
class Version:
    """One version of an original that the bucket has. `removal` is a delete marker, which has no etag and no bytes."""

    id: str
    stored: datetime
    latest: bool
    removal: bool
    etag: str
    bytes: int

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "stored": to_text(self.stored)}


@dataclass(frozen=True)
class Restored:
    """The upload that brings the image back, and the version that it is a copy of."""

    upload: Upload
    version: str


def versions(stack: Stack, image_id: str) -> Iterator[Version]:
    """The original's versions and removals, newest first, read as they are needed."""
    check_keys([image_id])
    pages = stack.client("s3").get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=stack.source_bucket, Prefix=image_id):
        entries = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        own = [_version(entry) for entry in entries if entry.get("Key") == image_id]
        # S3 lists versions and markers apart. Of the same second, the current one is the newest.
        yield from sorted(own, key=lambda each: (each.latest, each.stored), reverse=True)
        if len(own) < len(entries):
            return


def stored_by(stack: Stack, image_id: str, version: str) -> str:
    """Who stored the version, as its metadata says; empty if it came directly into the bucket, or is gone."""
    try:
        described = _described(stack, image_id, version)
    except OperationFailed:
        return ""
    return unquote(described["Metadata"].get(UPLOADED_BY, ""))


def restore(stack: Stack, image_id: str, version: str | None = None) -> Restored:
    """Copies `version` of the original over it; by default the last one before the removal or the replacement.

    Puts the act on record. Raises BadRequest for an empty version, ImageNotFound if the bucket has nothing of the
    image, and OperationFailed if the version is gone, if it is restored already, or if something was uploaded or
    removed meanwhile: then nothing changed.
    """
    if version == "":  # an unset variable of a script must not mean another version
        raise BadRequest("A version has an id; --list shows them.")
    listed = versions(stack, image_id)  # read once: what comes later is not taken for an earlier version
    newest = next(listed, None)
    if newest is None:
        raise ImageNotFound(f"There is no original {image_id}, and no earlier version of one.")
    restored = _restored_version(stack, image_id, newest)
    chosen = _version_before(image_id, listed, restored) if version is None else version
    if chosen == newest.id:
        raise OperationFailed(f"{chosen} is the current version of {image_id}; nothing was changed.")
    if chosen == restored:
        raise OperationFailed(f"{image_id} is restored to {chosen} already; nothing was changed.")
    described = _described(stack, image_id, chosen)
    with audit.recorded(stack, "restore", image=image_id, version=chosen) as act:
        copied = _copied(stack, image_id, chosen, described, newest)
        act.outcome = f"restored as version {copied.version_id}"
    return Restored(copied, chosen)


def _version(entry: Any) -> Version:
    return Version(
        id=entry["VersionId"],
        stored=entry["LastModified"],
        latest=entry["IsLatest"],
        removal="ETag" not in entry,
        etag=entry.get("ETag", ""),
        bytes=entry.get("Size", 0),
    )


def _restored_version(stack: Stack, image_id: str, newest: Version) -> str | None:
    """The version that the current one was copied from by an earlier restoration."""
    if newest.removal:
        return None
    metadata: Mapping[str, str] = _described(stack, image_id, newest.id)["Metadata"]
    return metadata.get(RESTORED_FROM)


def _version_before(image_id: str, earlier: Iterator[Version], restored: str | None) -> str:
    if restored:
        raise OperationFailed(
            f"{image_id} is restored to {restored} already. To go further back, name a version; --list shows them."
        )
    found = next((each.id for each in earlier if not each.removal), None)
    if found is None:
        raise OperationFailed(f"The bucket has no earlier version of {image_id}.")
    return found


def _described(stack: Stack, image_id: str, version: str) -> Any:
    """What S3 says about a version. Raises OperationFailed if it is gone, or is a removal."""
    try:
        return stack.client("s3").head_object(Bucket=stack.source_bucket, Key=image_id, VersionId=version)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 405:
            raise OperationFailed(f"{version} is a removal of {image_id}, not a version of it.") from error
        if status in (400, 404):
            raise OperationFailed(
                f"The bucket has no version {version} of {image_id} (any more); --list shows what it has."
            ) from error
        raise


def _copied(stack: Stack, image_id: str, version: str, described: Any, newest: Version) -> Upload:
    noted = {
        **uploaded_by(Actor(stack.caller, stack.via)),
        RESTORED_FROM: version,
        UPLOADED_AT: uploaded_at(described),
    }
    metadata = {**described["Metadata"], **noted}
    over = None if newest.removal else newest.etag
    return copied_over(stack, image_id, version, described, metadata, over=over)
