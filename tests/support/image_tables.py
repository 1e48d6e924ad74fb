"""The table of images, as template.yaml defines it, in a DynamoDB in this process."""

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3
from moto import mock_aws

from dev.checks import template

NAME = "images"
_DEFINED_BY = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")


def create(client: Any, name: str = NAME) -> None:
    """Makes the table with the template's keys and indexes, empty."""
    properties = template.resources()["ImageTable"]["Properties"]
    client.create_table(TableName=name, **{part: properties[part] for part in _DEFINED_BY})


@contextlib.contextmanager
def dynamodb() -> Iterator[Any]:
    """A DynamoDB client with an empty table of images behind it; all other AWS calls stay in this process, too."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create(client)
        yield client
