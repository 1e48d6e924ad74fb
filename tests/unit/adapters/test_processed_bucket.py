"""Renditions stored, retired and removed; against moto's S3."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from imageservice.adapters.processed_bucket import Renditions, StoredRendition

DIGEST = "0123456789abcdef"


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="processed")
        yield client


def test_a_rendition_is_immutable_for_caches_and_carries_its_tag(s3: Any) -> None:
    Renditions(s3, "processed").put("a/d/w.webp", "webp", b"x", "image-1")
    head = s3.head_object(Bucket="processed", Key="a/d/w.webp")
    assert (head["ContentType"], head["Metadata"]) == ("image/webp", {"cache-tag": "image-1"})
    assert head["CacheControl"] == "public, max-age=31536000, immutable"


def test_a_browser_keeps_a_private_rendition_for_a_minute_at_most_also_when_it_is_retired(s3: Any) -> None:
    key = f"a/p{DIGEST[1:]}/w.webp"
    renditions = Renditions(s3, "processed")
    renditions.put(key, "webp", b"x", "image-1")
    assert s3.head_object(Bucket="processed", Key=key)["CacheControl"] == "private, max-age=60"
    (stored,) = renditions.of_digest("a", f"p{DIGEST[1:]}")
    assert renditions.retire(stored, "image-1")
    assert s3.head_object(Bucket="processed", Key=key)["CacheControl"] == "private, max-age=60"


def test_a_retired_rendition_is_still_there_and_marked_to_expire(s3: Any) -> None:
    renditions = Renditions(s3, "processed")
    renditions.put(f"a/{DIGEST}/w.webp", "webp", b"x", "image-1")
    (stored,) = renditions.of_digest("a", DIGEST)
    assert not renditions.is_retired(stored)
    assert renditions.retire(stored, "image-1")
    assert renditions.is_retired(stored)
    tags = s3.get_object_tagging(Bucket="processed", Key=stored.key)["TagSet"]
    assert tags == [{"Key": "retired", "Value": "true"}]
    assert s3.get_object(Bucket="processed", Key=stored.key)["Body"].read() == b"x"


def test_a_rendition_made_again_is_no_longer_retired(s3: Any) -> None:
    renditions = Renditions(s3, "processed")
    renditions.put(f"a/{DIGEST}/w.webp", "webp", b"x", "image-1")
    (stored,) = renditions.of_digest("a", DIGEST)
    renditions.retire(stored, "image-1")
    renditions.put(stored.key, "webp", b"x", "image-1")
    assert not renditions.is_retired(stored)


def test_retiring_what_is_gone_is_no_error(s3: Any) -> None:
    gone = StoredRendition(f"a/{DIGEST}/w.webp", datetime.now(UTC))
    assert not Renditions(s3, "processed").retire(gone, "image-1")
    assert Renditions(s3, "processed").is_retired(gone)


def test_an_images_renditions_are_distinguished_from_those_of_ids_that_begin_alike(s3: Any) -> None:
    renditions = Renditions(s3, "processed")
    mine = ["a/0123456789abcdef/w.jpg", "a/fedcba9876543210/w.avif"]
    for key in [
        *mine,
        "a/b/0123456789abcdef/w.jpg",
        "a/0123456789abcdef/0123456789abcdef/w.jpg",
        "ab/0123/w.jpg",
    ]:
        renditions.put(key, "jpeg", b"x", "t")
    assert [
        each.key for digest in renditions.digests("a") for each in renditions.of_digest("a", digest)
    ] == mine


def test_more_renditions_than_one_request_may_delete_all_go(s3: Any) -> None:
    renditions = Renditions(s3, "processed")
    keys = [f"a/{number:016x}/w.jpg" for number in range(1001)]
    for key in keys:
        renditions.put(key, "jpeg", b"", "t")
    renditions.remove(keys)
    assert s3.list_objects_v2(Bucket="processed")["KeyCount"] == 0
