"""A private image in the console: operators see it, and get no link that would not work."""

from collections.abc import Iterator

import boto3
import image_tables
import moto_workflows
import pytest
from moto import mock_aws
from starlette.testclient import TestClient

from imageservice.adapters.image_table import to_dynamodb
from imageservice_operator.console.app import create_app
from imageservice_operator.operations.stack import Stack

ID = "in voices/a'b.jpg"


@pytest.fixture
def console() -> Iterator[TestClient]:
    with mock_aws():
        outputs = {
            "SourceBucketName": "originals",
            "ProcessedBucketName": "renditions",
            "ImageTableName": image_tables.NAME,
            "AuditTableName": image_tables.AUDIT,
            "ApiUrl": "https://api.example",
        }
        for name in ("originals", "renditions"):
            boto3.client("s3").create_bucket(Bucket=name)
        image_tables.create(boto3.client("dynamodb"))
        image_tables.create_audit(boto3.client("dynamodb"))
        outputs |= moto_workflows.create(boto3.client("stepfunctions"))
        stack = Stack("shop", "us-east-1", outputs, boto3.client)
        yield TestClient(create_app(stack), base_url="http://127.0.0.1")


def put(digest: str) -> str:
    """An image of this digest; returns its rendition's key."""
    key = f"{ID}/{digest}/w64.jpg"
    boto3.client("s3").put_object(
        Bucket="renditions", Key=key, Body=b"\xff\xd8pixels", ContentType="image/jpeg"
    )
    rendition = {"size": "w64", "width": 64, "height": 48, "format": "jpeg", "key": key, "bytes": 8}
    source = {"bucket": "originals", "key": ID, "bytes": 9, "width": 64, "height": 48, "format": "jpeg"}
    item = {"id": ID, "status": "READY", "sequencer": "1", "updated_at": "2026-11-22T12:00:00.000Z"}
    item |= {"digest": digest, "source": source, "renditions": [rendition]}
    boto3.client("dynamodb").put_item(TableName=image_tables.NAME, Item=to_dynamodb(item))
    return key


def test_a_private_images_page_shows_it_and_the_command_that_signs_a_link(console: TestClient) -> None:
    key = put("p123456789abcdef")
    page = console.get("/image", params={"id": ID}).text
    assert "The image is private" in page
    assert "images link &#39;in voices/a&#39;&#34;&#39;&#34;&#39;b.jpg&#39;" in page
    assert "https://api.example/images/" not in page
    assert console.get("/rendition", params={"key": key}).content == b"\xff\xd8pixels"


def test_a_public_images_page_has_its_lasting_links(console: TestClient) -> None:
    put("0123456789abcdef")
    page = console.get("/image", params={"id": ID}).text
    assert "The image is private" not in page
    assert "https://api.example/images/" in page
