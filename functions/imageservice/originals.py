"""SourceBucket as uploaders use it: what is put there is processed, what is deleted there is removed."""

from dataclasses import dataclass
from typing import Any

_PRESIGNED_S = 900


@dataclass(frozen=True)
class PresignedPost:
    """A form that a browser can post a file with: where to, its fields, and for how many seconds it holds."""

    url: str
    fields: dict[str, str]
    expires_in: int


class Originals:
    """The originals, written through an S3 client."""

    def __init__(self, client: Any, bucket: str, max_bytes: int) -> None:
        self._client = client
        self._bucket = bucket
        self.max_bytes = max_bytes

    def presigned_post(self, image_id: str, content_type: str) -> PresignedPost:
        """A form for this id and content type alone; S3 itself refuses more than `max_bytes`, and nothing at all."""
        form = self._client.generate_presigned_post(
            self._bucket,
            image_id,
            Fields={"Content-Type": content_type},
            Conditions=[["content-length-range", 1, self.max_bytes], {"Content-Type": content_type}],
            ExpiresIn=_PRESIGNED_S,
        )
        return PresignedPost(form["url"], form["fields"], _PRESIGNED_S)

    def put(self, image_id: str, data: bytes, content_type: str) -> str:
        """Stores an original; the version it became."""
        stored = self._client.put_object(
            Bucket=self._bucket, Key=image_id, Body=data, ContentType=content_type
        )
        version: str = stored.get("VersionId", "")
        return version

    def delete(self, image_id: str) -> None:
        """Deletes an original; in a versioned bucket it can still be got back for a month."""
        self._client.delete_object(Bucket=self._bucket, Key=image_id)
