"""Finds the state of an upload: in the table if it knows it, otherwise in SourceBucket."""

from typing import Any, Protocol

from imageservice.core.errors import LinkRequired, UploadUnknown
from imageservice.core.keys import is_private
from imageservice.core.upload_state import (
    StoredVersions,
    UploadState,
    state_in_bucket,
    state_in_table,
    state_of_deleted,
)


class Table(Protocol):
    """The part of imageservice.adapters.image_table that is used here."""

    def get(self, image_id: str) -> dict[str, Any] | None: ...


class Versions(Protocol):
    """The part of imageservice.adapters.source_versions that is used here."""

    def find(self, image_id: str, asked: str | None) -> StoredVersions: ...


class UploadStates:
    """The states of uploads, each read from the truth and never from a cache."""

    def __init__(self, table: Table, versions: Versions) -> None:
        self._table = table
        self._versions = versions

    def find(self, image_id: str, version_id: str | None, *, signed: bool = False) -> UploadState:
        """The state of that version of the image; without one, of the newest.

        Raises UploadUnknown, StoreUnavailable if the table or the bucket does not answer, and LinkRequired if the image
        is private and the request is not `signed`.
        """
        if version_id is None:
            return self._newest(image_id, signed=signed)
        item = self._table.get(image_id)
        # Made by a plan that this deployment does not have yet, or has no more.
        if not signed and item is not None and is_private(item.get("digest", "")):
            raise LinkRequired
        state = state_in_table(image_id, version_id, item)
        if state is None:
            state = state_in_bucket(image_id, version_id, item, self._versions.find(image_id, version_id))
        if state is None:
            raise UploadUnknown("There is no upload of this image with this version.")
        return state

    def _newest(self, image_id: str, *, signed: bool) -> UploadState:
        # The bucket first: what it has is in the table soon, and what the table has was in the bucket before.
        stored = self._versions.find(image_id, None)
        if stored.newest is None:
            if not stored.existed:
                raise UploadUnknown("There is no upload of this image.")
            return state_of_deleted(image_id)
        return self.find(image_id, stored.newest, signed=signed)
