"""Waiting until uploads have settled: overtaken ones, deleted ones, unknown ones, and many at once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from waiting import HANG_S

from imageservice.adapters.image_table import to_dynamodb
from imageservice_operator.operations import uploads
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.uploads import Upload


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        clients: dict[str, Any] = {
            name: boto3.client(name, region_name="us-east-1") for name in ("dynamodb", "s3", "sts")
        }
        clients["dynamodb"].create_table(
            TableName="images",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        clients["s3"].create_bucket(Bucket="originals")
        clients["s3"].put_bucket_versioning(Bucket="originals", VersioningConfiguration={"Status": "Enabled"})
        outputs = {"SourceBucketName": "originals", "ImageTableName": "images"}
        yield Stack("test", "us-east-1", outputs, lambda service, **_: clients[service])


def uploaded(stack: Stack, content: bytes = b"x", image_id: str = "a.jpg") -> Upload:
    return uploads.upload(stack, io.BytesIO(content), image_id)


def put(stack: Stack, upload: Upload, status: str) -> None:
    """Makes the image's item say `status` of this upload."""
    item = {"id": upload.id, "status": status, "upload": {"version_id": upload.version_id}}
    stack.client("dynamodb").put_item(TableName="images", Item=to_dynamodb(item))


def settled(stack: Stack, *sent: Upload, timeout: float = 0) -> list[str | None]:
    """The statuses that the uploads settle with, or have at the end; None if nothing is known."""
    found = uploads.wait_until_settled(stack, sent, timeout=timeout)
    return [image.status if image else None for _, image in found]


@pytest.mark.parametrize("status", ["READY", "REJECTED", "FAILED"])
def test_an_upload_settles_with_its_own_status(stack: Stack, status: str) -> None:
    upload = uploaded(stack)
    put(stack, upload, status)
    assert settled(stack, upload, timeout=HANG_S) == [status]


def test_an_earlier_uploads_outcome_is_not_this_ones(stack: Stack) -> None:
    put(stack, uploaded(stack, b"first"), "READY")
    found = list(uploads.wait_until_settled(stack, [uploaded(stack, b"second")], timeout=0.5))
    assert [uploads._settled(stack, upload, image) for upload, image in found if image] == [False]


def test_an_overtaken_upload_settles_with_the_newer_one(stack: Stack) -> None:
    first, second = uploaded(stack, b"first"), uploaded(stack, b"second")
    put(stack, second, "READY")
    assert settled(stack, first, second, timeout=HANG_S) == ["READY", "READY"]


def test_a_deleted_original_settles_with_its_tombstone(stack: Stack) -> None:
    upload = uploaded(stack)
    put(stack, upload, "DELETED")
    stack.client("s3").delete_object(Bucket="originals", Key="a.jpg")
    assert settled(stack, upload, timeout=HANG_S) == ["DELETED"]


def test_an_older_tombstone_does_not_settle_a_new_upload(stack: Stack) -> None:
    upload = uploaded(stack)
    put(stack, upload, "DELETED")
    found = list(uploads.wait_until_settled(stack, [upload], timeout=0.5))
    assert [uploads._settled(stack, upload, image) for upload, image in found if image] == [False]


def test_uploads_that_no_workflow_has_taken_come_last_as_unknown(stack: Stack) -> None:
    unknown, ready = uploaded(stack, image_id="unknown"), uploaded(stack, image_id="ready")
    put(stack, ready, "READY")
    assert settled(stack, unknown, ready) == ["READY", None]


def test_more_uploads_than_one_batch_all_settle(stack: Stack) -> None:
    sent = [uploaded(stack, image_id=f"{number}.jpg") for number in range(130)]
    for upload in sent:
        put(stack, upload, "READY")
    assert settled(stack, *sent, timeout=HANG_S) == ["READY"] * 130


def test_nothing_to_wait_for_ends_at_once(stack: Stack) -> None:
    assert settled(stack) == []
