"""Items read from DynamoDB; against moto's."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from imageservice.adapters.image_table import ImageTable, plain
from imageservice.core.errors import StoreUnavailable


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="images",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        yield client


def test_an_item_comes_back_in_pythons_own_types(dynamodb: Any) -> None:
    source = {"M": {"width": {"N": "4272"}, "ratio": {"N": "1.5"}, "animated": {"BOOL": False}}}
    rendition = {"M": {"size": {"S": "w320"}}}
    dynamodb.put_item(
        TableName="images", Item={"id": {"S": "é"}, "source": source, "renditions": {"L": [rendition]}}
    )
    assert ImageTable(dynamodb, "images").get("é") == {
        "id": "é",
        "source": {"width": 4272, "ratio": 1.5, "animated": False},
        "renditions": [{"size": "w320"}],
    }


def test_an_unknown_id_has_no_item(dynamodb: Any) -> None:
    assert ImageTable(dynamodb, "images").get("nobody") is None


def test_a_null_is_none() -> None:
    assert plain({"NULL": True}) is None


def test_a_throttled_table_is_unavailable_not_empty(dynamodb: Any) -> None:
    stub = Stubber(dynamodb)
    stub.add_client_error("get_item", "ProvisionedThroughputExceededException")
    with stub, pytest.raises(StoreUnavailable, match="ProvisionedThroughputExceeded"):
        ImageTable(dynamodb, "images").get("a")
