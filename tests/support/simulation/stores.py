"""S3 and DynamoDB, as far as the workflows use them. Every call goes through the scheduler."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.dynamodb.exceptions import ConditionalCheckFailed
from moto.dynamodb.models import dynamodb_backends

from simulation.scheduler import Scheduler

ACCOUNT, REGION, TABLE = "123456789012", "us-east-1", "images"
SOURCE, PROCESSED = "originals", "renditions"
UPLOADED = datetime(2026, 11, 1, tzinfo=UTC)  # all originals, as none has any text


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Call")


def outage() -> ClientError:
    return refused("InternalError")


@dataclass(frozen=True)
class Version:
    """One version of an original; a delete marker has no body. Its metadata never changes."""

    id: str
    body: bytes | None
    etag: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class Originals:
    """SourceBucket, with versions; `on_change` gets each event's type, key, version and size."""

    def __init__(self, on_change: Callable[..., None]) -> None:
        self.versions: dict[str, list[Version]] = {}
        self._on_change, self._number = on_change, 0

    def put(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> Version:
        etag = hashlib.md5(body).hexdigest()
        version = self._add(key, Version(self._next(), body, etag, metadata or {}))
        self._on_change("Object Created", key, version, deletion_type=None)
        return version

    def delete(self, key: str) -> None:
        marker = self._add(key, Version(self._next(), None, ""))
        self._on_change("Object Deleted", key, marker, deletion_type="Delete Marker Created")

    def delete_version(self, key: str, version: Version) -> None:
        self.versions[key].remove(version)
        self._on_change("Object Deleted", key, version, deletion_type="Permanently Deleted")

    def get(self, key: str, version_id: str | None) -> Version:
        found = [each for each in self.versions.get(key, []) if version_id in (None, each.id)]
        if not found or found[-1].body is None:
            raise refused("NoSuchVersion" if version_id else "NoSuchKey")
        return found[-1]

    def list_versions(self, prefix: str) -> dict[str, Any]:
        """ListObjectVersions with MaxKeys 1."""
        for key in sorted(
            key for key, versions in self.versions.items() if key.startswith(prefix) and versions
        ):
            newest = self.versions[key][-1]
            entry = {"Key": key, "VersionId": newest.id, "IsLatest": True}
            if newest.body is None:
                return {"DeleteMarkers": [entry]}
            return {"Versions": [{**entry, "ETag": f'"{newest.etag}"'}]}
        return {}

    def _add(self, key: str, version: Version) -> Version:
        self.versions.setdefault(key, []).append(version)
        return version

    def _next(self) -> str:
        self._number += 1
        return f"version-{self._number}"


@dataclass
class Stored:
    """A rendition; S3 tells its age in whole seconds."""

    body: bytes
    modified: datetime
    retired: bool


class S3:
    """A boto3 client of both buckets."""

    def __init__(self, scheduler: Scheduler, originals: Originals) -> None:
        self._scheduler, self._originals = scheduler, originals
        self.stored: dict[str, Stored] = {}
        self.late: set[str] = set()
        """The keys whose latest put came after its caller had given it up."""
        self.versions_listed = 0

    def get_object(self, Bucket: str, Key: str, VersionId: str | None = None, Range: str = "") -> Any:  # noqa: N803
        def effect() -> Any:
            assert Bucket == SOURCE
            version = self._originals.get(Key, VersionId)
            body = version.body or b""
            if found := re.fullmatch(r"bytes=(\d+)-(\d+)", Range):
                body = body[int(found[1]) : int(found[2]) + 1]
            return {"Body": _Body(body), "Metadata": version.metadata, "LastModified": UPLOADED}

        return self._call(effect)

    def head_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> Any:  # noqa: N803
        def effect() -> Any:
            assert Bucket == SOURCE
            found = self._originals.get(Key, VersionId)
            return {"ETag": f'"{found.etag}"', "ContentLength": len(found.body or b""), "VersionId": found.id}

        return self._call(effect)

    def list_object_versions(self, Bucket: str, Prefix: str, MaxKeys: int) -> Any:  # noqa: N803
        assert (Bucket, MaxKeys) == (SOURCE, 1)
        self.versions_listed += 1
        return self._call(lambda: self._originals.list_versions(Prefix))

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_: Any) -> Any:  # noqa: N803
        assert Bucket == PROCESSED

        def effect() -> None:
            self.stored[Key] = Stored(Body, self._modified(), retired=False)
            (self.late.add if self._scheduler.is_late else self.late.discard)(Key)

        return self._call(effect)

    def copy_object(self, Bucket: str, Key: str, Tagging: str, **others: Any) -> Any:  # noqa: N803
        assert (Bucket, Tagging) == (PROCESSED, "retired=true")

        def effect() -> None:
            if Key not in self.stored:
                raise refused("NoSuchKey")
            unmodified_since = others.get("CopySourceIfUnmodifiedSince")
            if unmodified_since and self.stored[Key].modified > unmodified_since:
                raise refused("PreconditionFailed")
            self.stored[Key] = Stored(self.stored[Key].body, self._modified(), retired=True)

        return self._call(effect)

    def get_object_tagging(self, Bucket: str, Key: str) -> Any:  # noqa: N803
        def effect() -> Any:
            if Key not in self.stored:
                raise refused("NoSuchKey")
            return {"TagSet": [{"Key": "retired", "Value": "true"}] if self.stored[Key].retired else []}

        assert Bucket == PROCESSED
        return self._call(effect)

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> Any:  # noqa: N803
        assert Bucket == PROCESSED

        def effect() -> Any:
            for each in Delete["Objects"]:
                self.stored.pop(each["Key"], None)
            return {}

        return self._call(effect)

    def get_paginator(self, name: str) -> _Listing:
        assert name == "list_objects_v2"
        return _Listing(self)

    def listed(self, prefix: str, delimiter: str) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            contents, prefixes = [], set()
            for key, stored in sorted(self.stored.items()):
                if not key.startswith(prefix):
                    continue
                head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
                if found:
                    prefixes.add(prefix + head + delimiter)
                else:
                    contents.append({"Key": key, "LastModified": stored.modified, "Size": len(stored.body)})
            return {"Contents": contents, "CommonPrefixes": [{"Prefix": each} for each in sorted(prefixes)]}

        result: dict[str, Any] = self._call(effect)
        return result

    def _modified(self) -> datetime:
        return self._scheduler.now.replace(microsecond=0)

    def _call(self, effect: Callable[[], Any]) -> Any:
        return self._scheduler.call(effect, outage)


@dataclass(frozen=True)
class _Body:
    content: bytes

    def read(self) -> bytes:
        return self.content


@dataclass(frozen=True)
class _Listing:
    client: S3

    def paginate(self, Bucket: str, Prefix: str = "", Delimiter: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
        assert Bucket == PROCESSED
        yield self.client.listed(Prefix, Delimiter)


class DynamoDB:
    """The two calls on items, evaluated by moto without the way through HTTP; all others go to a boto3 client on it."""

    def __init__(self, scheduler: Scheduler, client: Any, on_write: Callable[..., None]) -> None:
        self._scheduler, self._client, self._on_write = scheduler, client, on_write
        self._backend = dynamodb_backends[ACCOUNT][REGION]
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_item(self, TableName: str, Key: dict[str, Any], ConsistentRead: bool) -> Any:  # noqa: N803
        assert TableName == TABLE
        assert ConsistentRead
        return self._scheduler.call(lambda: {"Item": item} if (item := self.item(Key)) else {}, outage)

    def update_item(
        self,
        TableName: str,  # noqa: N803
        Key: dict[str, Any],  # noqa: N803
        UpdateExpression: str,  # noqa: N803
        ConditionExpression: str,  # noqa: N803
        ExpressionAttributeNames: dict[str, str],  # noqa: N803
        ExpressionAttributeValues: dict[str, Any],  # noqa: N803
        ReturnValues: str = "NONE",  # noqa: N803
        ReturnValuesOnConditionCheckFailure: str = "NONE",  # noqa: N803
        ReturnConsumedCapacity: str = "NONE",  # noqa: N803
    ) -> Any:
        assert TableName == TABLE
        written = UpdateExpression + " " + ConditionExpression
        used = set(re.findall(r"[:#]\w+", written))
        if unused := {*ExpressionAttributeNames, *ExpressionAttributeValues} - used:
            raise refused(f"ValidationException: unused {unused}")

        def effect() -> Any:
            before = self.item(Key)
            try:
                self._backend.update_item(
                    TABLE,
                    Key,
                    UpdateExpression,
                    ExpressionAttributeNames,
                    copy.deepcopy(ExpressionAttributeValues),
                    condition_expression=ConditionExpression,
                )
            except ConditionalCheckFailed:
                response: Any = {
                    "Error": {"Code": "ConditionalCheckFailedException", "Message": "refused"},
                    **({"Item": before} if before else {}),
                }
                raise self.exceptions.ConditionalCheckFailedException(response, "UpdateItem") from None
            self._on_write(before, self.item(Key), ExpressionAttributeValues)
            shown = {"ALL_NEW": self.item(Key), "ALL_OLD": before}.get(ReturnValues)
            return {"Attributes": shown} if shown else {}

        return self._scheduler.call(effect, outage)

    def item(self, key: dict[str, Any]) -> dict[str, Any] | None:
        found = self._backend.get_item(TABLE, key)
        return copy.deepcopy(found.to_json()["Attributes"]) if found else None
