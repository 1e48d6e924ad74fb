"""`images reconcile --storage` retires the renditions of no use, and only those."""

from __future__ import annotations

from typing import Any

import pytest

SERVED = "left/served.jpg"
OF_NO_IMAGE = "left/unknown.jpg/0123456789abcdef/w320.webp"
OF_AN_OLDER_UPLOAD = f"{SERVED}/0123456789abcdef/w320.webp"
NO_RENDITION = "left/notes.txt"
SEARCH = ("reconcile", "--storage", "--prefix", "left/")
YOUNG_ONES_TOO = ("--older-than", "0")


@pytest.fixture(scope="module")
def bucket(service: Any) -> str:
    service.settled(service.upload([SERVED]))
    name = str(service.stack.processed_bucket)
    for key in (OF_NO_IMAGE, OF_AN_OLDER_UPLOAD, NO_RENDITION):
        service.stack.client("s3").put_object(Bucket=name, Key=key, Body=b"left over")
    return name


def retired(service: Any, bucket: str) -> set[str]:
    """The objects that will expire in a day."""
    client = service.stack.client("s3")
    keys = [each["Key"] for each in client.list_objects_v2(Bucket=bucket, Prefix="left/")["Contents"]]
    tags = {key: client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] for key in keys}
    return {key for key, tag in tags.items() if tag == [{"Key": "retired", "Value": "true"}]}


def test_what_may_still_be_recorded_is_left_alone(service: Any, bucket: str) -> None:
    ended = service.images(*SEARCH)
    assert (ended.code, ended.lines, retired(service, bucket)) == (0, [], set())


def test_a_dry_run_shows_what_is_left_over_and_retires_nothing(service: Any, bucket: str) -> None:
    ended = service.images(*SEARCH, *YOUNG_ONES_TOO, "--dry-run")
    assert {line["key"]: line["retired"] for line in ended.lines} == {
        OF_AN_OLDER_UPLOAD: False,
        OF_NO_IMAGE: False,
    }
    assert (ended.code, retired(service, bucket)) == (0, set())


def test_what_is_left_over_expires_and_a_second_run_finds_nothing(service: Any, bucket: str) -> None:
    ended = service.images(*SEARCH, *YOUNG_ONES_TOO)
    assert {line["key"] for line in ended.lines if line["retired"]} == {OF_AN_OLDER_UPLOAD, OF_NO_IMAGE}
    assert retired(service, bucket) == {OF_AN_OLDER_UPLOAD, OF_NO_IMAGE}
    assert service.images(*SEARCH, *YOUNG_ONES_TOO).lines == []
