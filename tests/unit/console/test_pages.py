"""The pages over AWS's answers, from moto: what they show if there is little or nothing, and what they refuse."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.testclient import TestClient

from imageservice.adapters.image_table import to_dynamodb
from imageservice_operator.console.app import create_app
from imageservice_operator.operations import audit
from imageservice_operator.operations.stack import Stack

SCRIPT = '"><script>alert(1)</script>.jpg'
TEMPLATES = Path(__file__).parents[3] / "scripts/operator/imageservice_operator/console/templates"


def put(stack: Stack, **item: Any) -> None:
    stack.client("dynamodb").put_item(
        TableName="images",
        Item={
            "updated_at": {"S": "2026-11-22T12:00:00.000Z"},
            **{name: {"S": value} for name, value in item.items()},
        },
    )


def test_an_empty_service_says_how_to_begin(console: TestClient) -> None:
    page = console.get("/").text
    assert "No images yet" in page
    assert "images upload photo.jpg --stack shop" in page


def test_a_search_without_a_result_repeats_what_was_searched(console: TestClient) -> None:
    assert "that is ready has an id that begins with" in " ".join(
        console.get("/?q=nowhere&status=READY").text.split()
    )


def test_a_service_without_failures_says_so(console: TestClient) -> None:
    page = console.get("/failures").text
    assert "Nothing has failed" in page
    assert "Replay all" not in page


def test_an_unknown_status_is_refused_with_a_reason(console: TestClient) -> None:
    answer = console.get("/?status=LOST")
    assert answer.status_code == 400
    assert "LOST is not a status" in answer.text


@pytest.mark.parametrize("cursor", ["x", "e30", "W10=", "bnVsbA=="])
def test_an_invalid_cursor_is_not_an_internal_error(console: TestClient, cursor: str) -> None:
    assert console.get("/", params={"after": cursor}).status_code in (200, 400)


def test_an_unknown_image_and_execution_are_not_found(console: TestClient) -> None:
    assert console.get("/image?id=unknown").status_code == 404
    assert (
        console.get("/execution?arn=arn:aws:states:us-east-1:123456789012:execution:a:b").status_code == 404
    )
    assert console.get("/execution?arn=nonsense").status_code == 404
    assert console.get("/image").status_code == 400


def test_an_id_is_escaped_wherever_it_stands(console: TestClient, stack: Stack) -> None:
    put(stack, id=SCRIPT, status="READY")
    page = console.get("/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in console.get("/image", params={"id": SCRIPT}).text


def test_a_rejected_image_shows_its_reason_in_the_list(console: TestClient, stack: Stack) -> None:
    stack.client("dynamodb").put_item(
        TableName="images",
        Item={
            "id": {"S": "a.jpg"},
            "status": {"S": "REJECTED"},
            "updated_at": {"S": "2026-11-22T12:00:00.000Z"},
            "error": {"M": {"name": {"S": "ImageRejected"}, "cause": {"S": "It is <b>truncated</b>."}}},
        },
    )
    assert "It is &lt;b&gt;truncated&lt;/b&gt;." in console.get("/").text


def test_a_color_or_placeholder_that_is_invalid_is_left_out(console: TestClient, stack: Stack) -> None:
    put(stack, id="a.jpg", status="READY", color="url(//evil)", placeholder="https://evil.example/x")
    page = console.get("/").text
    assert "evil" not in page


def test_a_rendition_whose_quality_was_found_shows_its_receipt(console: TestClient, stack: Stack) -> None:
    rendition = {"size": "w", "width": 9, "height": 9, "format": "webp", "key": "a/1/w.webp", "bytes": 99}
    search = {"target": 78, "outcome": "reached", "quality": 62, "score": 78.4}
    item = {
        "id": "a.jpg",
        "status": "READY",
        "updated_at": "2026-11-22T12:00:00.000Z",
        "sequencer": "1",
        "source": {
            "bucket": "originals",
            "key": "a.jpg",
            "bytes": 9,
            "width": 9,
            "height": 9,
            "format": "png",
        },
    }
    for renditions, shown in (([rendition], False), ([{**rendition, "search": search}], True)):
        stack.client("dynamodb").put_item(
            TableName="images", Item=to_dynamodb({**item, "renditions": renditions})
        )
        page = console.get("/image?id=a.jpg")
        assert (page.status_code, "78.4 of 78, quality 62" in page.text) == (200, shown)


def test_only_renditions_are_served_and_only_as_images(console: TestClient, stack: Stack) -> None:
    store = stack.client("s3")
    store.put_object(Bucket="renditions", Key="a/1/thumb.webp", Body=b"data", ContentType="text/html")
    store.put_object(Bucket="renditions", Key="a/1/page.html", Body=b"<script>")
    served = console.get("/rendition", params={"key": "a/1/thumb.webp"})
    assert (served.status_code, served.headers["content-type"]) == (200, "image/webp")
    assert "sandbox" in served.headers["content-security-policy"]
    assert console.get("/rendition", params={"key": "a/1/page.html"}).status_code == 404
    assert console.get("/rendition", params={"key": "a/1/none.webp"}).status_code == 404


@pytest.mark.parametrize("path", ["/upload", "/replay", "/replay-all", "/replay-dead-letters", "/remove"])
def test_nothing_changes_without_the_token_of_a_page(console: TestClient, path: str) -> None:
    console.get("/")
    for token in ("", "guess"):
        assert console.post(path, data={"token": token, "id": "a"}).status_code == 403


def test_a_stack_that_does_not_answer_is_an_error_page() -> None:
    def unreachable(service: str) -> Any:
        once = Config(retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url="http://127.0.0.1:9", region_name="us-east-1", config=once)

    gone = Stack("shop", "us-east-1", {"ImageTableName": "images", "SourceBucketName": "b"}, unreachable)
    answer = TestClient(create_app(gone), base_url="http://127.0.0.1").get("/image?id=a")
    assert answer.status_code == 502
    assert "does not answer" in answer.text


def test_an_image_whose_status_changes_while_the_list_is_read_is_shown_once(
    console: TestClient, stack: Stack
) -> None:
    put(stack, id="a.jpg", status="PROCESSING")

    def becomes_ready(params: dict[str, Any], **_: Any) -> None:
        if b'"READY"' in params["body"]:
            put(stack, id="a.jpg", status="READY", updated_at="2026-11-22T12:00:01.000Z")

    stack.client("dynamodb").meta.events.register("before-call.dynamodb.Query", becomes_ready)
    assert console.get("/").text.count('class="card"') == 1


def test_no_template_trusts_data() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text()
        assert "|safe" not in text.replace(" ", "")
        assert " style=" not in text
        assert " on" + "click" not in text


def test_an_images_page_shows_who_did_what_as_text(console: TestClient, stack: Stack) -> None:
    put(stack, id="a.jpg", status="READY")
    with (
        pytest.raises(ValueError, match="harm"),
        audit.recorded(replace(stack, via="<b>"), "remove", image="a.jpg", prefix=SCRIPT),
    ):
        raise ValueError(f"harm {SCRIPT}")
    page = console.get("/image?id=a.jpg").text
    assert "failed: ValueError: harm &#34;&gt;&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "<b>" not in page


def test_the_consoles_own_acts_are_on_record(console: TestClient, stack: Stack) -> None:
    stack.client("s3").put_object(Bucket="originals", Key="a.jpg", Body=b"x")
    token = re.search('name="token" value="([^"]+)"', console.get("/").text)[1]
    form = {"token": token, "id": "a.jpg"}
    headers = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    assert console.post("/remove", data=form, headers=headers).status_code == 303
    (act,) = audit.of_image(stack, "a.jpg")
    assert (act.action, act.via, act.outcome) == ("remove", "console", "done")


def test_an_image_is_shown_to_those_who_may_not_read_the_record(stack: Stack) -> None:
    put(stack, id="a.jpg", status="READY")

    def refused(model: Any, params: dict[str, Any], **_: Any) -> None:
        if "/?" in str(params["url"]) or (params["body"] and b'"acts"' in params["body"]):
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, model.name)

    for service, event in (
        ("dynamodb", "before-call.dynamodb.Query"),
        ("s3", "before-call.s3.ListObjectVersions"),
    ):
        stack.client(service).meta.events.register(event, refused)
    console = TestClient(create_app(stack), base_url="http://127.0.0.1")
    page = " ".join(console.get("/image?id=a.jpg").text.split())
    assert "Your credentials don't allow to read the record." in page
    assert "Your credentials don't allow to list them." in page
