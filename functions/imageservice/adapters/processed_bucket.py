"""ProcessedBucket: renditions written, retired and removed."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from imageservice.adapters.source_bucket import GONE
from imageservice.core.errors import RemovalIncomplete
from imageservice.core.formats import FORMATS
from imageservice.core.keys import DIGEST, digest_of, format_of, is_private

_IMMUTABLE = "public, max-age=31536000, immutable"
# The file outlives its link in a browser for a minute at most; after that, the edge checks the signature again.
_PRIVATE = "private, max-age=60"
# The lifecycle rule of ProcessedBucket expires objects with this tag a day after they were last written.
_RETIRED = "retired=true"
_DELETE_BATCH = 1000  # S3's limit on DeleteObjects
_STORED_AGAIN = ("PreconditionFailed", "412")
_DIGEST = re.compile(DIGEST)


class StoredRendition(NamedTuple):
    """An object of ProcessedBucket, when it was written (S3 says whole seconds), and its length if that was listed."""

    key: str
    modified: datetime
    bytes: int = 0


class Renditions:
    """The objects of ProcessedBucket."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, format: str, data: bytes, cache_tag: str) -> None:
        """Stores a rendition under its immutable key; storing it again changes nothing, and revives a retired one."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, **_headers(key, format, cache_tag))

    def retire(self, stored: StoredRendition, cache_tag: str) -> bool:
        """Lets a rendition expire a day from now, so that redirects already sent still work.

        False if it is gone, or was stored again since it was listed. It is copied onto itself, not only tagged: a
        lifecycle rule counts from when an object was written, so an older one would expire at the next midnight.
        Source: docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
        """
        from botocore.exceptions import ClientError

        try:
            self._client.copy_object(
                Bucket=self._bucket,
                Key=stored.key,
                CopySource={"Bucket": self._bucket, "Key": stored.key},
                CopySourceIfUnmodifiedSince=stored.modified,
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
                Tagging=_RETIRED,
                **_headers(stored.key, format_of(stored.key), cache_tag),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in (*GONE, *_STORED_AGAIN):
                return False
            raise
        return True

    def copy_rendition(self, stored: StoredRendition, key: str, cache_tag: str) -> bool:
        """Stores the same bytes under another key, where they do not expire; False if the rendition is gone."""
        from botocore.exceptions import ClientError

        try:
            self._client.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": stored.key},
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
                **_headers(key, format_of(key), cache_tag),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return False
            raise
        return True

    def is_retired(self, stored: StoredRendition) -> bool:
        """Whether the rendition is gone, or will expire."""
        from botocore.exceptions import ClientError

        try:
            tags = self._client.get_object_tagging(Bucket=self._bucket, Key=stored.key)["TagSet"]
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return True
            raise
        return any(f"{tag['Key']}={tag['Value']}" == _RETIRED for tag in tags)

    def digests(self, image_id: str) -> list[str]:
        """The digests of which the image has renditions; not those of longer ids that begin alike."""
        folder = f"{image_id}/"
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=folder, Delimiter="/"
        )
        names = (
            entry["Prefix"][len(folder) : -1] for page in pages for entry in page.get("CommonPrefixes", [])
        )
        return [name for name in names if _DIGEST.fullmatch(name)]

    def of_digest(self, image_id: str, digest: str) -> list[StoredRendition]:
        """The image's renditions of one digest, in the order of their keys."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{image_id}/{digest}/", Delimiter="/"
        )
        return [
            StoredRendition(entry["Key"], entry["LastModified"], entry["Size"])
            for page in pages
            for entry in page.get("Contents", [])
        ]

    def remove(self, keys: Sequence[str]) -> None:
        """Deletes renditions at once. Deleting twice is fine; RemovalIncomplete names the first that S3 kept."""
        for start in range(0, len(keys), _DELETE_BATCH):
            batch = [{"Key": key} for key in keys[start : start + _DELETE_BATCH]]
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": batch, "Quiet": True}
            )
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise RemovalIncomplete(
                    f"S3 kept {len(answer['Errors'])} renditions; {first['Key']}: {first['Code']}"
                )


def _headers(key: str, format: str, cache_tag: str) -> dict[str, Any]:
    return {
        "ContentType": FORMATS[format].media_type,
        "CacheControl": _PRIVATE if is_private(digest_of(key)) else _IMMUTABLE,
        "Metadata": {"cache-tag": cache_tag},
    }
