"""SourceBucket: reads originals, whole or in ranges; presigns and stores uploads; deletes originals."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from imageservice.core.errors import ImageExists, ImageRejected
from imageservice.core.timestamps import to_text
from imageservice.core.upload_event import Upload

# S3's error codes for an object, or a version of it, that does not exist.
GONE = ("NoSuchKey", "NoSuchVersion", "404")
# S3's codes for a write whose condition failed, or that another write of the same key has overtaken.
_EXISTS = ("PreconditionFailed", "ConditionalRequestConflict")
_PRESIGNED_S = 900
NO_METADATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class OriginalObject:
    """Where an original is: one version of one object in SourceBucket."""

    bucket: str
    key: str
    version_id: str | None = None

    def arguments(self) -> dict[str, str]:
        arguments = {"Bucket": self.bucket, "Key": self.key}
        return {**arguments, "VersionId": self.version_id} if self.version_id else arguments


def read_original(client: Any, original: OriginalObject, byte_range: str | None = None) -> bytes:
    """The original's bytes, all or those of an HTTP `byte_range`. Raises ImageRejected if it was deleted meanwhile."""
    body: bytes = _got(client, original, byte_range)["Body"].read()
    return body


def _got(client: Any, original: OriginalObject, byte_range: str | None) -> Mapping[str, Any]:
    from botocore.exceptions import ClientError

    options = {"Range": byte_range} if byte_range else {}
    try:
        answer: Mapping[str, Any] = client.get_object(**original.arguments(), **options)
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            raise ImageRejected("The original was deleted before it could be processed.") from error
        raise
    return answer


def describe_original(client: Any, original: OriginalObject) -> Upload | None:
    """The original as an upload whose event is unknown; None if it is gone.

    Its sequencer has one digit, so S3 is asked whether another upload of the key is newer.
    """
    from botocore.exceptions import ClientError

    try:
        head = client.head_object(**original.arguments())
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise
    return Upload(
        id=original.key,
        bucket=original.bucket,
        sequencer="0",
        etag=head["ETag"].strip('"'),
        bytes=head["ContentLength"],
        version_id=head.get("VersionId"),
    )


def is_newest(client: Any, upload: Upload, *, deletion: bool) -> bool:
    """Whether S3 knows nothing newer of the key than this upload, or this deletion. Raises what botocore raises."""
    answer = client.list_object_versions(Bucket=upload.bucket, Prefix=upload.id, MaxKeys=1)
    known = [
        each
        for each in answer.get("Versions", []) + (answer.get("DeleteMarkers", []) if deletion else [])
        if each["Key"] == upload.id and each["IsLatest"]
    ]
    if deletion:
        return not known or known[0]["VersionId"] == upload.version_id
    if upload.version_id:
        return any(each["VersionId"] == upload.version_id for each in known)
    return any(each["ETag"].strip('"') == upload.etag for each in known)


class RangedOriginal(io.RawIOBase):
    """An original as a seekable file that fetches only the blocks that are read.

    `metadata` is the object's own (core/original_metadata), and `stored_at` when S3 stored it (core/timestamps): both
    are known once anything was read.

    The first block is large enough for most headers with their EXIF. Each further request fetches twice as much as the
    one before, up to 4 MB, so that reading through a file takes about twenty requests, not hundreds.
    """

    BLOCK = 64 * 1024
    _MOST_BLOCKS = 64

    def __init__(self, client: Any, original: OriginalObject, size: int) -> None:
        super().__init__()
        self._client = client
        self._original = original
        self._size = size
        self._position = 0
        self._blocks: dict[int, bytes] = {}
        self.bytes_read = 0
        self.requests = 0
        self.metadata: Mapping[str, str] = NO_METADATA
        self.stored_at = ""

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
        count = -(-self._size // self.BLOCK)
        number = first
        while number <= last:
            if number in self._blocks:
                number += 1
                continue
            begin, end = number, number + 1
            most = min(1 << self.requests, self._MOST_BLOCKS)
            while end < count and end not in self._blocks and (end <= last or end - begin < most):
                end += 1
            # Where little is missing ahead, what is missing before: a file can be read backwards, too.
            while begin > 0 and begin - 1 not in self._blocks and end - begin < most:
                begin -= 1
            self._fetch_blocks(begin, end)
            number = end

    def _fetch_blocks(self, first: int, end: int) -> None:
        """Fetches the blocks from `first` to before `end`, as far as they exist."""
        begin, stop = first * self.BLOCK, min(end * self.BLOCK, self._size)
        answer = _got(self._client, self._original, f"bytes={begin}-{stop - 1}")
        data, self.metadata = answer["Body"].read(), answer.get("Metadata", NO_METADATA)
        self.stored_at = to_text(answer["LastModified"])
        self.requests += 1
        self.bytes_read += len(data)
        for offset in range(0, len(data), self.BLOCK):
            self._blocks[first + offset // self.BLOCK] = data[offset : offset + self.BLOCK]


@dataclass(frozen=True)
class PresignedPost:
    """A form that a browser can post a file with: its URL, its fields, and for how many seconds it is valid."""

    url: str
    fields: dict[str, str]
    expires_in: int


class Originals:
    """The originals, written through an S3 client."""

    def __init__(self, client: Any, bucket: str, max_bytes: int) -> None:
        self._client = client
        self._bucket = bucket
        self.max_bytes = max_bytes

    def presigned_post(
        self, image_id: str, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> PresignedPost:
        """A form for this id and content type only; S3 itself refuses more than `max_bytes`, and an empty file.

        The original that is posted has the `metadata`.
        """
        fields = {
            "Content-Type": content_type,
            **{f"x-amz-meta-{name}": text for name, text in metadata.items()},
        }
        form = self._client.generate_presigned_post(
            self._bucket,
            image_id,
            Fields=dict(fields),
            Conditions=[
                ["content-length-range", 1, self.max_bytes],
                *({name: value} for name, value in fields.items()),
            ],
            ExpiresIn=_PRESIGNED_S,
        )
        return PresignedPost(form["url"], form["fields"], _PRESIGNED_S)

    def put(
        self,
        image_id: str,
        data: bytes,
        content_type: str,
        *,
        create_only: bool = False,
        metadata: Mapping[str, str] = NO_METADATA,
    ) -> str:
        """Stores an original, and returns its version. Raises ImageExists if `create_only`, and there is one already.

        S3 decides, so that of two at the same time one succeeds.
        """
        from botocore.exceptions import ClientError

        condition = {"IfNoneMatch": "*"} if create_only else {}
        try:
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=image_id,
                Body=data,
                ContentType=content_type,
                Metadata=dict(metadata),
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _EXISTS:
                raise ImageExists("There is an image with this id already.") from error
            raise
        version: str = answer.get("VersionId", "")
        return version

    def delete(self, image_id: str) -> None:
        """Deletes an original; in a versioned bucket, it can be restored for a month."""
        self._client.delete_object(Bucket=self._bucket, Key=image_id)
