"""Items read from DynamoDB; against moto's."""

from collections.abc import Iterator
from typing import Any

import image_tables
import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from imageservice.adapters.image_table import ImageTable, from_dynamodb, to_dynamodb
from imageservice.core.errors import StoreUnavailable


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with image_tables.dynamodb() as client:
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
    assert ImageTable(dynamodb, "images").get("missing") is None


def test_a_null_is_none() -> None:
    assert from_dynamodb({"a": {"NULL": True}}) == {"a": None}


def test_a_throttled_table_is_unavailable_not_empty(dynamodb: Any) -> None:
    stub = Stubber(dynamodb)
    stub.add_client_error("get_item", "ProvisionedThroughputExceededException")
    with stub, pytest.raises(StoreUnavailable, match="ProvisionedThroughputExceeded"):
        ImageTable(dynamodb, "images").get("a")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_an_item_survives_the_way_there_and_back(item: dict[str, Any]) -> None:
    assert from_dynamodb(to_dynamodb(item)) == item


def test_an_item_is_typed_as_boto3_types_it() -> None:
    item = {"a": "x", "b": 7, "c": [True, None], "d": {"e": -1}}
    assert to_dynamodb(item) == TypeSerializer().serialize(item)["M"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_float_that_is_no_number_is_an_error_here_and_not_dynamodbs(value: float) -> None:
    with pytest.raises(ValueError, match="no number"):
        to_dynamodb({"a": value})


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()])
def test_what_dynamodb_has_no_type_for_is_an_error(value: object) -> None:
    with pytest.raises(TypeError, match="no type"):
        to_dynamodb({"a": value})
