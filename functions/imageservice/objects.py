"""Objects in S3: originals read whole or by ranges, renditions written, retired and removed."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imageservice.errors import ImageRejected, RemovalIncomplete
from imageservice.identity import CONTENT_TYPES

_IMMUTABLE = "public, max-age=31536000, immutable"
# The lifecycle rule of ProcessedBucket expires what carries this tag a day after it was last written.
_RETIRED = "retired=true"
_DELETE_BATCH = 1000  # S3's limit on DeleteObjects
_GONE = ("NoSuchKey", "NoSuchVersion", "404")


@dataclass(frozen=True)
class OriginalObject:
    """Where an original lies: one version of one object in SourceBucket."""

    bucket: str
    key: str
    version_id: str | None = None

    def arguments(self) -> dict[str, str]:
        named = {"Bucket": self.bucket, "Key": self.key}
        return {**named, "VersionId": self.version_id} if self.version_id else named


def read_original(client: Any, original: OriginalObject, byte_range: str | None = None) -> bytes:
    """The original's bytes, whole or of an HTTP `byte_range`; ImageRejected where it was deleted meanwhile."""
    from botocore.exceptions import ClientError

    wanted = {"Range": byte_range} if byte_range else {}
    try:
        body: bytes = client.get_object(**original.arguments(), **wanted)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            raise ImageRejected("The original was deleted before it could be processed.") from error
        raise
    return body


def describe_original(client: Any, original: OriginalObject) -> dict[str, Any] | None:
    """The original as an upload (key, etag, bytes; version_id where the bucket has versions); None if it is gone."""
    from botocore.exceptions import ClientError

    try:
        head = client.head_object(**original.arguments())
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise
    described = {"key": original.key, "etag": head["ETag"].strip('"'), "bytes": head["ContentLength"]}
    return {**described, "version_id": head["VersionId"]} if "VersionId" in head else described


class RangedOriginal(io.RawIOBase):
    """An original as a seekable file that fetches only the blocks that are read.

    The first block is large enough for most headers with their EXIF; each further one is a request of its own.
    """

    BLOCK = 64 * 1024

    def __init__(self, client: Any, original: OriginalObject, size: int) -> None:
        super().__init__()
        self._client = client
        self._original = original
        self._size = size
        self._position = 0
        self._blocks: dict[int, bytes] = {}
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        chunk = self.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def read(self, length: int | None = -1) -> bytes:
        if length is None or length < 0:
            length = self._size - self._position
        end = min(self._position + length, self._size)
        if end <= self._position:
            return b""
        first, last = self._position // self.BLOCK, (end - 1) // self.BLOCK
        self._fetch(first, last)
        data = b"".join(self._blocks[number] for number in range(first, last + 1))
        start = self._position - first * self.BLOCK
        self._position = end
        return data[start : start + end - (first * self.BLOCK + start)]

    def _fetch(self, first: int, last: int) -> None:
        """Fetches the blocks from `first` to `last` that are missing, in as few requests as there are gaps."""
        missing = [number for number in range(first, last + 1) if number not in self._blocks]
        while missing:
            run = [missing.pop(0)]
            while missing and missing[0] == run[-1] + 1:
                run.append(missing.pop(0))
            begin = run[0] * self.BLOCK
            end = min((run[-1] + 1) * self.BLOCK, self._size)
            data = read_original(self._client, self._original, f"bytes={begin}-{end - 1}")
            self.bytes_read += len(data)
            for number in run:
                offset = (number - run[0]) * self.BLOCK
                self._blocks[number] = data[offset : offset + self.BLOCK]


class Renditions:
    """The objects of ProcessedBucket."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, format: str, data: bytes, cache_tag: str) -> None:
        """Stores a rendition under its immutable key; storing it again changes nothing, and revives a retired one."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, **_headers(format, cache_tag))

    def retire(self, key: str, format: str, cache_tag: str) -> bool:
        """Lets a rendition expire a day from now, so that redirects still under way work. False if it is gone already.

        It is copied onto itself, not only tagged: a lifecycle rule counts from when an object was written, so an
        older one would go at the next midnight. Source:
        docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
        """
        from botocore.exceptions import ClientError

        try:
            self._client.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": key},
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
                Tagging=_RETIRED,
                **_headers(format, cache_tag),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return False
            raise
        return True

    def keys_of(self, image_id: str, before: datetime) -> list[str]:
        """The image's renditions written before `before`, of any digest; not those of ids that only begin alike."""
        mine = re.compile(re.escape(image_id) + r"/[0-9a-f]{16}/[^/]+")
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{image_id}/"
        )
        listed = (entry for page in pages for entry in page.get("Contents", []))
        return [
            entry["Key"]
            for entry in listed
            if entry["LastModified"] < before and mine.fullmatch(entry["Key"])
        ]

    def remove(self, keys: Sequence[str]) -> None:
        """Deletes renditions at once. Deleting twice is no error; RemovalIncomplete names the first that S3 kept."""
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


def _headers(format: str, cache_tag: str) -> dict[str, Any]:
    return {
        "ContentType": CONTENT_TYPES[format],
        "CacheControl": _IMMUTABLE,
        "Metadata": {"cache-tag": cache_tag},
    }
