"""What the calls that write are tried against: moto's S3 and DynamoDB."""

from collections.abc import Iterator
from typing import Any

import boto3
import image_tables
import pytest
from moto import mock_aws

from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.source_bucket import Originals
from uploads.requests import Writes


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="source")
        client.put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def writes(s3: Any) -> Writes:
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    image_tables.create_audit(dynamodb)
    return Writes(Originals(s3, "source", max_bytes=5_000_000), AuditTable(dynamodb, image_tables.AUDIT))
