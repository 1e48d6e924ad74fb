"""UpdateMetadataFunction with a table in this process, and with caches that note what reaches them."""

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import boto3
import image_tables
import pytest

from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.image_table import ImageTable, from_dynamodb, to_dynamodb
from imageservice.adapters.original_copy import FocalPoints
from imageservice.core.errors import CacheUnavailable
from imageservice.core.image_text import fields_set
from imageservice.core.manifest import manifest_of
from imageservice.metadata_changes import MetadataChanges
from update_metadata import bootstrap
from update_metadata.handler import handler

T1, T2 = "2026-11-26T12:00:01.000Z", "2026-11-26T12:00:02.000Z"
BUCKET = "source"
ODD_ID = "a b+c%20é/ü.jpg"
RENDITION = {"size": "w320", "width": 320, "height": 213, "format": "jpeg", "key": "a/d/w320.jpg", "bytes": 9}
READY: dict[str, Any] = {
    "id": ODD_ID,
    "status": "READY",
    "sequencer": "01",
    "execution": "e",
    "revision": 4,
    "renditions": [RENDITION],
    "upload": {"bucket": BUCKET, "key": ODD_ID, "version_id": "v1"},
    "source": {"bucket": BUCKET, "key": ODD_ID, "text": fields_set({"alt": "A shoe", "credit": "Ann"}, T1)},
    "updated_at": T1,
}
CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="request"
)


@dataclass
class Caches:
    """A cache and an edge that note what reaches them, in order; `fails` of the refreshes do not succeed."""

    steps: list[str] = field(default_factory=list)
    fails: int = 0
    purged: bool = True

    def refresh(self, item: Mapping[str, Any]) -> None:
        if self.fails:
            self.fails -= 1
            raise CacheUnavailable("secret detail")
        self.steps.append(f"refresh {item['revision']}")

    def purge(self, tag: str, reference: str) -> bool:
        self.steps.append(f"purge {reference.rpartition('-')[2]}")
        return self.purged


class World:
    """The function with a table in this process."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.s3 = boto3.client("s3", region_name="us-east-1")
        self.table = ImageTable(client, image_tables.NAME)
        self.caches = Caches()
        self.embeds: tuple[str, ...] = ()

    def put(self, item: Mapping[str, Any] = READY) -> None:
        self.client.put_item(TableName=image_tables.NAME, Item=to_dynamodb(item))

    def store(self, **metadata: str) -> str:
        """Puts an original with this metadata into a bucket in this process; returns its version."""
        s3 = self.s3
        if not s3.list_buckets()["Buckets"]:
            s3.create_bucket(Bucket=BUCKET)
            s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        stored = s3.put_object(
            Bucket=BUCKET, Key=ODD_ID, Body=b"photo", Metadata=metadata, ContentType="image/png"
        )
        return str(stored["VersionId"])

    def original(self) -> dict[str, Any]:
        """What S3 says about the original."""
        return dict(self.s3.head_object(Bucket=BUCKET, Key=ODD_ID))

    def text(self) -> dict[str, Any]:
        item = self.table.get(ODD_ID)
        assert item
        return dict(manifest_of(item).get("text", {}))

    def changes(self, distribution: str = "E1", process: str = "", now: str = T2) -> MetadataChanges:
        edge = self.caches if distribution else None
        return MetadataChanges(
            self.table,
            self.caches.refresh,
            edge,
            lambda _: self.embeds,
            lambda item: self.caches.steps.append(f"reprocess {item['upload']['version_id']} by {process}"),
            FocalPoints(self.s3),
            lambda: datetime.fromisoformat(now),
        )

    def patch(
        self,
        body: object,
        if_match: str = "",
        content_type: str = "application/merge-patch+json",
        image_id: str = ODD_ID,
        claims: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        event = {
            "routeKey": "PATCH /metadata/{id+}",
            "rawPath": f"/metadata/{image_id}",
            "headers": {"content-type": content_type, "if-match": if_match},
            "body": base64.b64encode(text).decode(),
            "isBase64Encoded": True,
            "stageVariables": {"distribution": "E1", "process": "P1"},
            "requestContext": {"authorizer": {"jwt": {"claims": claims}}} if claims else {},
        }
        answer = handler(event, CONTEXT)
        assert "secret" not in answer["body"]
        return answer["statusCode"], json.loads(answer["body"])

    def acts(self) -> list[tuple[str, str]]:
        found = self.client.scan(TableName=image_tables.AUDIT)["Items"]
        return [(act["action"], act["outcome"]) for act in map(from_dynamodb, found)]

    def details(self) -> list[dict[str, Any]]:
        """The options of the acts on record, in order."""
        found = map(from_dynamodb, self.client.scan(TableName=image_tables.AUDIT)["Items"])
        return [act["details"] for act in sorted(found, key=lambda act: str(act["id"]))]


@contextlib.contextmanager
def metadata_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world whose function has no rule about whose ids are whose."""
    with image_tables.dynamodb() as client:
        image_tables.create_audit(client)
        made = World(client)
        audit = AuditTable(client, image_tables.AUDIT)
        found = bootstrap.Dependencies(made.changes, audit, "")
        monkeypatch.setattr(bootstrap, "dependencies", lambda: found)
        yield made
