"""Every entry point refuses what cannot be an image's id, with the same message."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import image_tables
import pytest
from moto import mock_aws
from read_world import NO_EDGE

from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.source_bucket import Originals
from imageservice.core.errors import ImageIdInvalid, ImageRejected
from imageservice.core.image_id import check_image_id
from imageservice.core.original import Original
from imageservice.core.rendition_plan import Plan, RenditionPlan, Rule, Size
from imageservice.core.resize_plan import plan_resizes
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.uploads import upload
from reader.request import read_request
from uploads.requests import Writes, delete_image, presign_upload, put_image

REFUSED = ["k" * 970, "../x", "a/./b", "a/..", "${filename}", "a\nb", "a\x1b[2J", "\udcff.jpg"]
HTTP = {"http": {"method": "GET"}}


def writes() -> Writes:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="source")
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    image_tables.create_audit(dynamodb)
    acts = AuditTable(dynamodb, image_tables.AUDIT)
    return Writes(Originals(client, "source", max_bytes=1000), acts)


def by_post(image_id: str) -> None:
    presign_upload(writes(), {"body": json.dumps({"id": image_id, "content_type": "image/png"})})


def by_put(image_id: str) -> None:
    body = {"body": base64.b64encode(b"x").decode(), "isBase64Encoded": True}
    path = {"rawPath": f"/images/{image_id}", "headers": {"content-type": "image/png"}}
    put_image(writes(), {**path, **body})


def by_delete(image_id: str) -> None:
    delete_image(writes(), {"rawPath": f"/images/{image_id}"})


def by_get(image_id: str) -> None:
    read_request({"rawPath": f"/images/{image_id}", "headers": {}, "requestContext": HTTP}, NO_EDGE)


def by_metadata(image_id: str) -> None:
    read_request({"rawPath": f"/metadata/{image_id}", "headers": {}, "requestContext": HTTP}, NO_EDGE)


def by_inspection(image_id: str) -> None:
    source: Any = {"bucket": "source", "key": image_id, "bytes": 1, "etag": "e"}
    plan_resizes(
        source,
        Original("jpeg", 9, 9, 1, False),
        RenditionPlan((Rule("", Plan((Size("w", 9),), ("fallback",))),)),
        "1",
    )


def by_operator(image_id: str) -> None:
    """The command line and the console upload with this function; here it has no stack to send anything to."""
    no_stack: Any = None
    upload(no_stack, Path("photo.jpg"), image_id)


DOORS: dict[Callable[[str], None], type[Exception]] = {
    by_post: ImageIdInvalid,
    by_put: ImageIdInvalid,
    by_delete: ImageIdInvalid,
    by_get: ImageIdInvalid,
    by_metadata: ImageIdInvalid,
    by_inspection: ImageRejected,
    by_operator: BadRequest,
}


@pytest.mark.parametrize("image_id", REFUSED, ids=ascii)
@pytest.mark.parametrize(("door", "error"), DOORS.items(), ids=lambda value: value.__name__)
def test_every_door_refuses_with_the_same_sentence(
    door: Callable[[str], None], error: type[Exception], image_id: str
) -> None:
    with pytest.raises(ImageIdInvalid) as rule:
        check_image_id(image_id)
    with mock_aws(), pytest.raises(error) as refused:
        door(image_id)
    assert str(refused.value) == str(rule.value)


@pytest.mark.parametrize("image_id", ["k" * 969, "a b+c%20é/ü.jpg", "a//b", "...", "a/.hidden"])
@pytest.mark.parametrize("door", [door for door in DOORS if door is not by_operator])
def test_every_door_takes_what_the_rule_takes(door: Callable[[str], None], image_id: str) -> None:
    with mock_aws():
        door(image_id)
