"""The calls that write; against moto's S3."""

import base64
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import boto3
import image_tables
import pytest

from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.source_bucket import Originals
from imageservice.core.errors import Problem
from uploads import bootstrap
from uploads.handler import handler
from uploads.requests import Writes, delete_image, presign_upload, put_image

ODD_ID = "a b+c%20é/ü.jpg"


def post(body: object) -> dict[str, Any]:
    return {"body": body if isinstance(body, str) else json.dumps(body)}


def put(data: bytes, image_id: str = ODD_ID, content_type: str = "image/jpeg") -> dict[str, Any]:
    return {
        "rawPath": f"/images/{image_id}",
        "headers": {"content-type": content_type},
        "body": base64.b64encode(data).decode(),
        "isBase64Encoded": True,
    }


def refusal(call: Any, event: dict[str, Any], writes: Writes) -> Problem:
    with pytest.raises(Problem) as caught:
        call(writes, event)
    return caught.value


def policy(form: dict[str, Any]) -> list[Any]:
    conditions: list[Any] = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
    return conditions


def test_a_presigned_upload_names_exactly_the_id_asked_for(writes: Writes) -> None:
    response = presign_upload(writes, post({"id": ODD_ID, "content_type": "image/png"}))
    form = json.loads(response["body"])
    assert response["statusCode"] == 201
    assert form["fields"]["key"] == ODD_ID
    assert {"key": ODD_ID} in policy(form)


def test_a_presigned_upload_is_limited_in_size_and_content_type(writes: Writes) -> None:
    form = json.loads(presign_upload(writes, post({"id": "a", "content_type": "image/png"}))["body"])
    assert ["content-length-range", 1, 5_000_000] in policy(form)
    assert {"Content-Type": "image/png"} in policy(form)


def test_a_presigned_upload_is_signed_with_version_4_in_the_oldest_region_too() -> None:
    """Buckets made since June 2020 refuse version 2, which botocore still chooses there."""
    writes = Writes(Originals(client("s3"), "source", max_bytes=1), AuditTable(client("dynamodb"), "acts"))
    form = json.loads(presign_upload(writes, post({"id": "a", "content_type": "image/png"}))["body"])
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_a_form_carries_the_images_text_as_s3_can_hold_it(writes: Writes) -> None:
    text = {"alt": "赤い靴", "tags": ["a, b", "c"], "filename": "Zoë 1.jpg"}
    response = presign_upload(writes, post({"id": "a", "content_type": "image/png", "text": text}))
    form = json.loads(response["body"])
    assert form["fields"]["x-amz-meta-tags"] == "a%2C b,c"
    assert form["fields"]["x-amz-meta-filename"] == "Zo%C3%AB 1.jpg"
    for name in ("alt", "tags", "filename"):
        field = f"x-amz-meta-{name}"
        assert {field: form["fields"][field]} in policy(form)


@pytest.mark.parametrize(
    "text", [None, [], "a", {"alt": "a\n"}, {"alt": None}, {"x": "y"}, {"alt": "é" * 400}]
)
def test_a_form_with_text_that_breaks_the_rules_is_not_made(writes: Writes, text: object) -> None:
    event = post({"id": "a", "content_type": "image/png", "text": text})
    assert refusal(presign_upload, event, writes).status == 400


CDN = {"stageVariables": {"cdn": "https://cdn.example"}}
ODD_PATH = "a%20b%2Bc%2520%C3%A9/%C3%BC.jpg"


def test_every_link_is_a_full_one_at_the_cdn(writes: Writes) -> None:
    response = presign_upload(writes, {**post({"id": ODD_ID, "content_type": "image/png"}), **CDN})
    form = json.loads(response["body"])
    assert form["metadata"] == f"https://cdn.example/metadata/{ODD_PATH}"
    assert form["upload"] == response["headers"]["location"] == f"https://cdn.example/uploads/{ODD_PATH}"


def test_an_image_that_is_put_has_a_link_to_the_state_of_this_very_upload(writes: Writes) -> None:
    answer = json.loads(put_image(writes, {**put(b"photo"), **CDN})["body"])
    assert answer["upload"] == f"https://cdn.example/uploads/{ODD_PATH}?version={quote(answer['version_id'])}"


def test_without_a_cdn_links_are_encoded_for_the_apis_two_decodings(writes: Writes) -> None:
    event = {**post({"id": ODD_ID, "content_type": "image/png"}), "headers": {"host": "api.example"}}
    link = json.loads(presign_upload(writes, event)["body"])["metadata"]
    assert unquote(unquote(link)) == f"https://api.example/metadata/{ODD_ID}"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[1]",
        "[" * 100_000,
        "{}",
        '{"id": "a"}',
        '{"id": 1, "content_type": "image/png"}',
        '{"id": "a", "content_type": "image/png", "acl": "public-read"}',
        '{"id": "", "content_type": "image/png"}',
        '{"id": "${filename}", "content_type": "image/png"}',
        '{"id": "a/../b", "content_type": "image/png"}',
        '{"id": ".", "content_type": "image/png"}',
        '{"id": "\\ud800", "content_type": "image/png"}',
        '{"id": "a\\nb", "content_type": "image/png"}',
        '{"id": "a/./b", "content_type": "image/png"}',
        '{"id": "a", "content_type": "text/html"}',
        '{"id": "a", "content_type": "image/svg+xml"}',
    ],
)
def test_a_request_that_cannot_be_meant_is_a_bad_request(body: str, writes: Writes) -> None:
    assert refusal(presign_upload, post(body), writes).status == 400


@pytest.mark.parametrize("kind", ["image/jpg", "image/jpeg", "IMAGE/HEIF", "image/tif", "image/png; q=1"])
def test_an_upload_is_posted_with_the_content_type_that_was_asked_for(kind: str, writes: Writes) -> None:
    form = json.loads(presign_upload(writes, post({"id": "a", "content_type": kind}))["body"])
    assert form["fields"]["Content-Type"] == kind.lower().partition(";")[0]


def test_the_longest_id_that_leaves_room_for_renditions_is_taken(writes: Writes) -> None:
    asked = {"id": "k" * 969, "content_type": "image/png"}
    assert presign_upload(writes, post(asked))["statusCode"] == 201
    assert refusal(presign_upload, post({**asked, "id": "k" * 970}), writes).status == 400


def test_an_image_that_is_put_is_stored_under_its_raw_id(s3: Any, writes: Writes) -> None:
    response = put_image(writes, put(b"\xff\xd8photo"))
    assert response["statusCode"] == 202
    stored = s3.get_object(Bucket="source", Key=ODD_ID)
    assert (stored["Body"].read(), stored["ContentType"]) == (b"\xff\xd8photo", "image/jpeg")
    assert json.loads(response["body"])["version_id"] == stored["VersionId"]


def test_an_image_too_large_for_the_call_names_the_way_that_takes_it(writes: Writes) -> None:
    error = refusal(put_image, put(b"x" * 4_400_001), writes)
    assert error.status == 413
    assert "POST /uploads" in str(error)


def test_an_image_over_the_services_limit_is_refused_before_it_is_stored(s3: Any, writes: Writes) -> None:
    small = replace(writes, originals=Originals(s3, "source", max_bytes=10))
    assert refusal(put_image, put(b"x" * 11), small).status == 413
    assert s3.list_objects_v2(Bucket="source")["KeyCount"] == 0


def test_an_empty_body_is_not_an_image(writes: Writes) -> None:
    assert refusal(put_image, put(b""), writes).status == 400


def test_a_deleted_image_can_be_got_back_in_s3(s3: Any, writes: Writes) -> None:
    put_image(writes, put(b"photo"))
    assert delete_image(writes, {"rawPath": f"/images/{ODD_ID}"})["statusCode"] == 202
    versions = s3.list_object_versions(Bucket="source")
    assert len(versions["Versions"]) == 1
    assert versions["DeleteMarkers"][0]["Key"] == ODD_ID


def test_deleting_twice_is_no_error(writes: Writes) -> None:
    for _ in range(2):
        assert delete_image(writes, {"rawPath": "/images/missing"})["statusCode"] == 202


def create(data: bytes, image_id: str = ODD_ID) -> dict[str, Any]:
    event = put(data, image_id)
    return {**event, "headers": {**event["headers"], "if-none-match": "*"}}


def test_a_create_only_upload_never_replaces(s3: Any, writes: Writes) -> None:
    assert put_image(writes, create(b"first"))["statusCode"] == 202
    assert refusal(put_image, create(b"second"), writes).status == 412
    assert s3.get_object(Bucket="source", Key=ODD_ID)["Body"].read() == b"first"
    delete_image(writes, {"rawPath": f"/images/{ODD_ID}"})
    assert put_image(writes, create(b"third"))["statusCode"] == 202


def test_another_condition_is_not_quietly_ignored(writes: Writes) -> None:
    event = put(b"photo")
    event["headers"]["if-none-match"] = '"an-etag"'
    assert refusal(put_image, event, writes).status == 400
    form = {**post({"id": "a", "content_type": "image/png"}), "headers": {"if-none-match": "*"}}
    assert refusal(presign_upload, form, writes).status == 400


def bearing(event: dict[str, Any], **claims: str) -> dict[str, Any]:
    return {**event, "requestContext": {"authorizer": {"jwt": {"claims": claims, "scopes": None}}}}


def calls_for(image_id: str) -> list[tuple[Any, dict[str, Any]]]:
    """Every call that writes, for this id."""
    return [
        (presign_upload, post({"id": image_id, "content_type": "image/png"})),
        (put_image, put(b"photo", image_id)),
        (delete_image, {"rawPath": f"/images/{image_id}"}),
    ]


@pytest.mark.parametrize("number", range(3))
def test_a_bearer_writes_below_their_own_prefix_alone(writes: Writes, number: int) -> None:
    own = replace(writes, prefix_claim="users/{sub}/")
    call, event = calls_for("users/ann/cat.jpg")[number]
    assert call(own, bearing(event, sub="ann"))["statusCode"] in (201, 202)
    for other in ("bob", "an", "ann/x", "", "."):
        assert refusal(call, bearing(event, sub=other), own).status == 403
    assert refusal(call, event, own).status == 403


ANN = {"sub": "ann", "iss": "https://id.example"}


def acts() -> list[dict[str, Any]]:
    """What is on record, oldest first."""
    found = boto3.client("dynamodb", region_name="us-east-1").scan(TableName=image_tables.AUDIT)["Items"]
    return sorted((from_dynamodb(item) for item in found), key=lambda record: record["id"])


def test_a_first_upload_is_not_an_act_and_says_on_the_original_who_stored_it(s3: Any, writes: Writes) -> None:
    put_image(writes, bearing(put(b"photo"), **ANN))
    assert acts() == []
    assert s3.head_object(Bucket="source", Key=ODD_ID)["Metadata"] == {
        "uploaded-by": "ann of https://id.example (API)"
    }


def test_a_replacement_and_a_removal_are_on_record_with_their_caller(writes: Writes) -> None:
    signed = {"requestContext": {"authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/shop"}}}}
    put_image(writes, put(b"first"))
    put_image(writes, bearing(put(b"second"), **ANN))
    delete_image(writes, {"rawPath": f"/images/{ODD_ID}", **signed})
    assert [
        (each["action"], each["who"], each["via"], each["image"], each["outcome"]) for each in acts()
    ] == [
        ("replace", "ann of https://id.example", "API", ODD_ID, "done"),
        ("remove", "arn:aws:iam::1:user/shop", "API", ODD_ID, "done"),
    ]


def test_what_can_not_be_put_on_record_is_not_done(
    s3: Any, writes: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_image(writes, put(b"first"))
    boto3.client("dynamodb", region_name="us-east-1").delete_table(TableName=image_tables.AUDIT)
    assert refusal(put_image, put(b"second"), writes).status == 503
    assert refusal(delete_image, {"rawPath": f"/images/{ODD_ID}"}, writes).status == 503
    monkeypatch.setattr(bootstrap, "writes", lambda: writes)
    function = SimpleNamespace(
        function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r"
    )
    event = {"routeKey": "DELETE /images/{id+}", "rawPath": f"/images/{ODD_ID}"}
    answer: dict[str, Any] = handler(event, function)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "1")
    assert "PutItem" not in answer["body"]
    assert s3.get_object(Bucket="source", Key=ODD_ID)["Body"].read() == b"first"


def test_a_form_names_the_bearer_of_a_token_but_not_a_sites_own_backend(writes: Writes) -> None:
    asked = post({"id": "a", "content_type": "image/png"})
    mine = json.loads(presign_upload(writes, bearing(asked, **ANN))["body"])
    assert mine["fields"]["x-amz-meta-uploaded-by"] == "ann of https://id.example (API)"
    assert {"x-amz-meta-uploaded-by": "ann of https://id.example (API)"} in policy(mine)
    signed = {"requestContext": {"authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/shop"}}}}
    assert "shop" not in str(json.loads(presign_upload(writes, {**asked, **signed})["body"])["fields"])


@pytest.mark.parametrize("subject", ["é\n\x1b[2J<b>", "\ud800", "x" * 5000, ""])
def test_a_hostile_subject_is_stored_as_text(s3: Any, writes: Writes, subject: str) -> None:
    for data in (b"first", b"second"):
        put_image(writes, bearing(put(data), sub=subject, iss="i"))
    (act,) = acts()
    assert len(act["who"]) <= 1000
    stored = s3.head_object(Bucket="source", Key=ODD_ID)["Metadata"]["uploaded-by"]
    assert stored.isascii()
    assert stored.isprintable()
