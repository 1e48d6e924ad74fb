"""Pages of images: complete, in order, whatever their size."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import boto3
import image_tables
import pytest
from moto import mock_aws

from imageservice_operator.operations import images
from imageservice_operator.operations.errors import BadRequest, ImageNotFound
from imageservice_operator.operations.stack import Stack

STATUSES = ("READY", "FAILED", "PROCESSING")


@pytest.fixture
def stack() -> Iterator[Stack]:
    """A stack's table and bucket with 25 images, three of which no workflow has processed."""
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        s3 = boto3.client("s3", region_name="us-east-1")
        image_tables.create(dynamodb)
        s3.create_bucket(Bucket="originals")
        for number in range(25):
            key = f"{'shop' if number % 2 else 'news'}/{number:02}"
            s3.put_object(Bucket="originals", Key=key, Body=b"")
            if number < 22:
                item = {
                    "id": key,
                    "status": STATUSES[number % 3],
                    "updated_at": f"2026-11-22T12:00:{number:02}.000Z",
                }
                dynamodb.put_item(
                    TableName="images", Item={name: {"S": value} for name, value in item.items()}
                )
        outputs = {"SourceBucketName": "originals", "ImageTableName": "images", "ProcessImageArn": "arn"}
        yield Stack("test", "us-east-1", outputs, lambda service: {"dynamodb": dynamodb, "s3": s3}[service])


def pages(stack: Stack, limit: int, **wanted: str) -> list[str]:
    found, cursor = [], None
    while True:
        page = images.listed(stack, limit=limit, cursor=cursor, **wanted)  # type: ignore[arg-type]
        assert len(page.images) <= limit
        found += [image.id for image in page.images]
        if page.cursor is None:
            return found
        cursor = page.cursor


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 22, 100])
def test_all_statuses_are_merged_newest_first(stack: Stack, limit: int) -> None:
    found = pages(stack, limit)
    assert [image_id[-2:] for image_id in found] == [f"{number:02}" for number in reversed(range(22))]


@pytest.mark.parametrize("limit", [1, 4, 100])
def test_one_status_is_newest_first(stack: Stack, limit: int) -> None:
    found = pages(stack, limit, status="FAILED")
    assert [image_id[-2:] for image_id in found] == ["19", "16", "13", "10", "07", "04", "01"]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_status_and_a_prefix_narrow_each_other(stack: Stack, limit: int) -> None:
    assert pages(stack, limit, status="FAILED", prefix="shop/") == [
        "shop/19",
        "shop/13",
        "shop/07",
        "shop/01",
    ]


@pytest.mark.parametrize("limit", [1, 5, 100])
def test_a_prefix_finds_what_no_workflow_has_taken_up(stack: Stack, limit: int) -> None:
    found = pages(stack, limit, prefix="news/")
    assert found == [f"news/{number:02}" for number in range(0, 25, 2)]
    assert images.listed(stack, prefix="news/24").images[0].status is None


def test_every_image_is_walked_through(stack: Stack) -> None:
    assert len(list(images.every(stack))) == 22


def test_images_of_a_status_are_counted(stack: Stack) -> None:
    assert images.count(stack, "FAILED") == 7


def test_many_are_read_at_once(stack: Stack) -> None:
    assert set(images.get_many(stack, ["news/00", "news/00", "nothing", "shop/01"])) == {"news/00", "shop/01"}


def test_an_unknown_image_is_said_to_be_unknown(stack: Stack) -> None:
    with pytest.raises(ImageNotFound, match="no image nothing"):
        images.get(stack, "nothing")


@pytest.mark.parametrize("cursor", ["rubbish", "bm90IGpzb24=", "WzFd"])
def test_a_cursor_of_ones_own_making_is_refused(stack: Stack, cursor: str) -> None:
    with pytest.raises(BadRequest, match="cursor"):
        images.listed(stack, cursor=cursor)


def test_an_unknown_status_is_refused(stack: Stack) -> None:
    with pytest.raises(BadRequest, match="READY"):
        images.listed(stack, status="DONE")


@pytest.mark.parametrize(
    "content",
    ["[{}]", '[{"READY": ["x"]}, ""]', '[{"READY": [1, 2]}, ""]', "[[], 1]", '[{"READY": null}, ""]', "{}"],
)
def test_a_forged_cursor_is_refused(stack: Stack, content: str) -> None:
    with pytest.raises(BadRequest, match="cursor"):
        images.listed(stack, cursor=base64.urlsafe_b64encode(content.encode()).decode())


def test_images_of_one_moment_are_each_listed_once(stack: Stack) -> None:
    for number in range(9):
        stack.client("dynamodb").put_item(
            TableName="images",
            Item={
                "id": {"S": f"twin/{number}"},
                "status": {"S": images.STATUSES[number % 3]},
                "updated_at": {"S": "2026-11-23T00:00:00.000Z"},
            },
        )
    found = pages(stack, 2)
    assert len(found) == len(set(found)) == 31


def test_the_last_full_page_has_no_cursor(stack: Stack) -> None:
    assert images.listed(stack, limit=22).cursor is None
    assert images.listed(stack, limit=21).cursor is not None


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_an_image_whose_id_is_the_prefix_is_listed_without_its_original(stack: Stack, limit: int) -> None:
    stack.client("s3").delete_object(Bucket="originals", Key="news/00")
    stack.client("s3").put_object(Bucket="originals", Key="news/00/a", Body=b"x")
    assert pages(stack, limit, prefix="news/00") == ["news/00", "news/00/a"]


def test_an_image_that_was_never_accepted_has_revision_0_in_json_too(stack: Stack) -> None:
    assert {image.as_json()["revision"] for image in images.listed(stack, limit=100).images} == {0}


@pytest.mark.parametrize(("at_most", "counted"), [(None, 8), (3, 3), (7, 7), (8, 8), (100, 8)])
def test_counting_ends_at_its_limit(stack: Stack, at_most: int | None, counted: int) -> None:
    assert images.count(stack, "READY", at_most) == counted


def test_the_oldest_is_the_one_that_changed_first_among_those_that_count(stack: Stack) -> None:
    oldest = images.oldest(stack, "PROCESSING")
    assert oldest is not None
    assert oldest.id == "news/02"
    others = images.oldest(stack, "PROCESSING", without={"news/02"})
    assert others is not None
    assert others.id == "shop/05"
    assert images.oldest(stack, "DELETED") is None
