"""Originals are read whole and in ranges; against moto's S3."""

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from bombs.worker import FileStore
from moto import mock_aws

from imageservice.adapters.source_bucket import (
    OriginalObject,
    RangedOriginal,
    describe_original,
    read_original,
)
from imageservice.core.errors import ImageRejected
from imageservice.core.upload_event import Upload

BYTES = random.Random(7).randbytes(300_000)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="source")
        yield client


def ranged(s3: Any) -> RangedOriginal:
    s3.put_object(Bucket="source", Key="a b+c%20é/ü.jpg", Body=BYTES)
    return RangedOriginal(s3, OriginalObject("source", "a b+c%20é/ü.jpg"), len(BYTES))


def test_an_original_read_by_ranges_is_the_same_as_read_whole(s3: Any) -> None:
    assert ranged(s3).read() == BYTES


def test_reads_anywhere_in_any_order_give_the_bytes_that_are_there(s3: Any) -> None:
    file, expected, dice = ranged(s3), io.BytesIO(BYTES), random.Random(3)
    for _ in range(200):
        offset, length = dice.randrange(len(BYTES) + 10), dice.randrange(70_000)
        file.seek(offset)
        expected.seek(offset)
        assert file.read(length) == expected.read(length)
        assert file.tell() == max(expected.tell(), min(offset, file.tell()))


def test_a_header_costs_one_block(s3: Any) -> None:
    file = ranged(s3)
    file.read(100)
    file.seek(2000)
    file.read(3000)
    assert file.bytes_read == RangedOriginal.BLOCK


def test_the_end_is_reached_without_reading_the_middle(s3: Any) -> None:
    file = ranged(s3)
    file.seek(-10, io.SEEK_END)
    assert file.read() == BYTES[-10:]
    assert file.bytes_read <= RangedOriginal.BLOCK


def test_an_original_that_was_deleted_meanwhile_is_rejected_with_that_reason(s3: Any) -> None:
    with pytest.raises(ImageRejected, match="deleted before"):
        read_original(s3, OriginalObject("source", "gone.jpg"))


def test_an_original_is_described_as_an_upload_without_a_sequencer_of_s3(s3: Any) -> None:
    etag = s3.put_object(Bucket="source", Key="a", Body=b"first")["ETag"].strip('"')
    described = describe_original(s3, OriginalObject("source", "a"))
    assert described == Upload("a", "source", "0", etag, 5, None)
    assert describe_original(s3, OriginalObject("source", "gone.jpg")) is None


def test_one_version_of_an_original_is_read_even_after_a_newer_one_came(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="source", Key="a", Body=b"first")["VersionId"]
    s3.put_object(Bucket="source", Key="a", Body=b"second")
    assert read_original(s3, OriginalObject("source", "a", first)) == b"first"


def test_a_file_that_is_walked_through_takes_few_requests(s3: Any) -> None:
    size = 40_000_000
    s3.put_object(Bucket="source", Key="long.gif", Body=bytes(size))
    file = RangedOriginal(s3, OriginalObject("source", "long.gif"), size)
    for offset in range(0, size, 10_000):
        file.seek(offset)
        file.read(1)
    assert file.requests <= 20
    assert file.bytes_read <= size


@pytest.mark.parametrize("order", ["backwards", "every third", "at random"])
def test_a_file_that_is_read_in_any_order_takes_few_requests(tmp_path: Path, order: str) -> None:
    size = 48_000_000
    path = tmp_path / "long.avif"
    with path.open("wb") as sparse:
        sparse.truncate(size)
    file = RangedOriginal(FileStore(str(path)), OriginalObject("source", "long.avif"), size)
    places = list(range(0, size, RangedOriginal.BLOCK))
    if order == "backwards":
        places.reverse()
    elif order == "every third":
        places = [*places[::3], *places[1::3], *places[2::3]]
    else:
        random.Random(5).shuffle(places)
    for offset in places:
        file.seek(offset)
        assert file.read(1) == b"\0"
    assert file.requests <= 40
    assert file.bytes_read == size
