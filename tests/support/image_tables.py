"""The service's tables, as template.yaml defines them, in a DynamoDB in this process."""

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3
from moto import mock_aws

from dev.checks import template

NAME = "images"
AUDIT = "acts"
_DEFINED_BY = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")


def create(client: Any, name: str = NAME, resource: str = "ImageTable") -> None:
    """Makes the table with the keys and indexes of the template's resource, empty."""
    properties = template.resources()[resource]["Properties"]
    client.create_table(TableName=name, **{part: properties[part] for part in _DEFINED_BY})


def create_audit(client: Any) -> None:
    """Makes AuditTable, empty."""
    create(client, AUDIT, "AuditTable")


@contextlib.contextmanager
def dynamodb() -> Iterator[Any]:
    """A DynamoDB client with an empty table of images behind it; all other AWS calls stay in this process, too."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create(client)
        yield client
