"""The versions of an original in SourceBucket: listed, because a list needs no right to read an original."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from imageservice.core.errors import StoreUnavailable
from imageservice.core.upload_state import StoredVersions

_PAGE = 100


class SourceVersions:
    """The versions, read through an S3 client. S3 lists them right after a write."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def find(self, image_id: str, asked: str | None) -> StoredVersions:
        """What the bucket has of the original, and whether the version `asked` is among it.

        Raises StoreUnavailable if S3 throttles, fails or does not answer.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            for number, entries in enumerate(self._pages(image_id)):
                versions = {entry["VersionId"]: entry["IsLatest"] for entry in entries if "ETag" in entry}
                if number == 0:
                    newest = next((version for version, latest in versions.items() if latest), None)
                    stored = StoredVersions(newest, existed=bool(entries), asked=False)
                if asked is None or asked in versions:
                    return replace(stored, asked=asked is not None)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"listing the original's versions failed: {error}") from error
        return stored

    def _pages(self, image_id: str) -> Iterator[list[dict[str, Any]]]:
        """The original's versions and delete markers, which have no ETag, page by page; the latest is on the first.

        S3 sorts by key and then by age, and a key sorts before all others that begin with it.
        """
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=image_id, PaginationConfig={"PageSize": _PAGE}
        )
        for page in pages:
            entries = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            own = [entry for entry in entries if entry["Key"] == image_id]
            yield own
            if len(own) < len(entries):
                return
