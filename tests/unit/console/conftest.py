"""The console over AWS's answers, from moto."""

from collections.abc import Iterator

import boto3
import image_tables
import moto_workflows
import pytest
from moto import mock_aws
from starlette.testclient import TestClient

from imageservice_operator.console.app import create_app
from imageservice_operator.operations.stack import Stack


@pytest.fixture
def stack() -> Iterator[Stack]:
    """A deployment with nothing in it yet."""
    with mock_aws():
        outputs = {
            "SourceBucketName": "originals",
            "ProcessedBucketName": "renditions",
            "ImageTableName": "images",
            "AuditTableName": image_tables.AUDIT,
            "ApiUrl": "https://api.example",
        }
        for name in ("originals", "renditions"):
            boto3.client("s3").create_bucket(Bucket=name)
        image_tables.create(boto3.client("dynamodb"))
        image_tables.create_audit(boto3.client("dynamodb"))
        outputs |= moto_workflows.create(boto3.client("stepfunctions"))
        yield Stack("shop", "us-east-1", outputs, boto3.client)


@pytest.fixture
def console(stack: Stack) -> TestClient:
    return TestClient(
        create_app(stack), base_url="http://127.0.0.1", follow_redirects=False, raise_server_exceptions=False
    )


@pytest.fixture
def token(console: TestClient) -> str:
    """The token that a page's forms carry."""
    return console.get("/").text.split('name="token" value="')[1].split('"')[0]
