"""The state of an upload, from the table and from SourceBucket; against moto's DynamoDB and S3."""

from collections.abc import Iterator
from typing import Any

import boto3
import image_tables
import pytest
from read_world import renditions

from imageservice.adapters.image_table import ImageTable, to_dynamodb
from imageservice.adapters.source_versions import SourceVersions
from imageservice.core.errors import LinkRequired, StoreUnavailable, UploadUnknown
from upload_status.states import UploadStates

IMAGE = "users/7/a b%20é.jpg"


class World:
    """A versioned bucket and the table, and the states that both together give."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self.s3 = boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket="source")
        self.s3.put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Enabled"})
        self.states = UploadStates(ImageTable(dynamodb, image_tables.NAME), SourceVersions(self.s3, "source"))

    def upload(self, image_id: str = IMAGE) -> str:
        version: str = self.s3.put_object(Bucket="source", Key=image_id, Body=b"x")["VersionId"]
        return version

    def item(self, status: str, upload: str, served: str | None = None, **more: Any) -> None:
        """The workflow's writes have led to this: the latest upload's status, and which upload is served."""
        item = {"id": IMAGE, "status": status, "upload": {"version_id": upload}, **more}
        if served is not None:
            item |= {"source": {"version_id": served}, "renditions": renditions(IMAGE, "0")}
        self._dynamodb.put_item(TableName=image_tables.NAME, Item=to_dynamodb(item))

    def status(self, version: str | None = None) -> str:
        return self.states.find(IMAGE, version)["status"]


@pytest.fixture
def world() -> Iterator[World]:
    with image_tables.dynamodb() as client:
        yield World(client)


def test_an_upload_is_processing_before_its_event_has_arrived(world: World) -> None:
    version = world.upload()
    expected = {"id": IMAGE, "version_id": version, "status": "PROCESSING", "served": False}
    assert world.states.find(IMAGE, version) == world.states.find(IMAGE, None) == expected


@pytest.mark.parametrize("newest", [True, False])
def test_the_state_of_an_image_made_private_needs_a_link_whatever_the_rules_say(
    world: World, newest: bool
) -> None:
    version = world.upload()
    world.item("READY", version, served=version, digest="p123456789abcdef")
    asked = None if newest else version
    with pytest.raises(LinkRequired):
        world.states.find(IMAGE, asked)
    assert world.states.find(IMAGE, asked, signed=True)["status"] == "READY"


@pytest.mark.parametrize("status", ["PROCESSING", "FAILED"])
def test_the_latest_upload_has_the_items_status(world: World, status: str) -> None:
    version = world.upload()
    world.item(status, version)
    assert world.status(version) == world.status() == status


def test_an_upload_that_is_ready_is_served(world: World) -> None:
    version = world.upload()
    world.item("READY", version, served=version)
    assert world.states.find(IMAGE, version) == {
        "id": IMAGE,
        "version_id": version,
        "status": "READY",
        "served": True,
    }


def test_a_rejected_replacement_says_why_while_the_older_one_is_served(world: World) -> None:
    first, second = world.upload(), world.upload()
    error = {"name": "ImageRejected", "cause": "The file ends in the middle of the image."}
    world.item("REJECTED", second, served=first, error=error)
    state = world.states.find(IMAGE, None)
    assert (state["status"], state["reason"], state["served"]) == ("REJECTED", error["cause"], False)
    older = world.states.find(IMAGE, first)
    assert (older["status"], older["served"]) == ("SUPERSEDED", True)


def test_the_cause_of_a_failure_is_the_operators_and_not_the_uploaders(world: World) -> None:
    version = world.upload()
    world.item("FAILED", version, error={"name": "CacheUnavailable", "cause": "Redis at 10.0.0.7 is gone"})
    assert world.states.find(IMAGE, version)["reason"] == "Processing failed; it will be tried again."


def test_a_newer_upload_supersedes_one_that_the_table_never_knew(world: World) -> None:
    first, second = world.upload(), world.upload()
    world.item("READY", second, served=second)
    assert world.status(first) == "SUPERSEDED"


def test_the_newest_upload_is_asked_for_while_the_table_still_has_the_one_before(world: World) -> None:
    first, second = world.upload(), world.upload()
    world.item("READY", first, served=first)
    assert (world.status(), world.status(second)) == ("PROCESSING", "PROCESSING")
    assert world.states.find(IMAGE, first)["served"] is True


def test_after_a_deletion_every_upload_is_deleted(world: World) -> None:
    version = world.upload()
    world.s3.delete_object(Bucket="source", Key=IMAGE)
    assert (world.status(), world.status(version)) == ("DELETED", "DELETED")


def test_an_upload_after_a_deletion_is_processing(world: World) -> None:
    world.upload()
    world.s3.delete_object(Bucket="source", Key=IMAGE)
    world.item("DELETED", "")
    version = world.upload()
    assert (world.status(), world.status(version)) == ("PROCESSING", "PROCESSING")


@pytest.mark.parametrize("version", [None, "made-up"])
def test_there_is_no_state_of_what_never_was(world: World, version: str | None) -> None:
    world.upload(IMAGE + "x")  # an id that begins alike
    with pytest.raises(UploadUnknown):
        world.states.find(IMAGE, version)


def test_a_made_up_version_of_an_image_that_exists_is_unknown(world: World) -> None:
    world.upload()
    with pytest.raises(UploadUnknown):
        world.states.find(IMAGE, "made-up")


def test_an_old_version_is_found_behind_hundreds(world: World) -> None:
    first = world.upload()
    for _ in range(250):
        world.upload()
    world.upload(IMAGE + "x")
    assert world.status(first) == "SUPERSEDED"


def test_a_bucket_that_does_not_answer_is_no_missing_upload(world: World) -> None:
    states = UploadStates(world.states._table, SourceVersions(world.s3, "gone"))
    with pytest.raises(StoreUnavailable):
        states.find(IMAGE, "v")
