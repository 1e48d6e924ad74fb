"""The form that uploads photos: what it stores, and what it refuses; against moto's S3."""

import pytest
from starlette.testclient import TestClient

from imageservice.core.uploaded_text import text_in
from imageservice_operator.operations.stack import Stack


def test_an_upload_keeps_the_name_it_came_with(console: TestClient, token: str, stack: Stack) -> None:
    sent = console.post(
        "/upload",
        data={"token": token, "prefix": "photos/"},
        files={"file": ("a b+c%20é.jpg", b"data", "image/jpeg")},
        headers={"accept": "application/json"},
    )
    assert sent.json() == {"ids": ["photos/a b+c%20é.jpg"]}
    listed = stack.client("s3").list_objects_v2(Bucket="originals")["Contents"]
    assert [entry["Key"] for entry in listed] == ["photos/a b+c%20é.jpg"]


def test_an_upload_has_the_text_and_the_focal_point_of_its_form(
    console: TestClient, token: str, stack: Stack
) -> None:
    fields = {
        "alt": "",
        "decoration": "1",
        "caption": "One\r\nTwo",
        "tags": " red , sale,, red",
        "focus": " .4, 0.10",
    }
    sent = console.post(
        "/upload",
        data={"token": token, "id": "shoes/1", "name": "Rote Schühe.jpg", **fields},
        files={"file": ("x", b"data")},
    )
    assert sent.status_code == 303
    metadata = stack.client("s3").head_object(Bucket="originals", Key="shoes/1")["Metadata"]
    assert text_in(metadata) == {
        "alt": "",
        "caption": "One\nTwo",
        "tags": ["red", "sale"],
        "filename": "Rote Schühe.jpg",
    }
    assert metadata["focus"] == "0.4,0.1"


@pytest.mark.parametrize(
    "fields",
    [{"focus": "left"}, {"alt": "a\u202eb"}, {"tags": ",".join(map(str, range(51)))}, {"caption": "é" * 400}],
)
def test_an_upload_whose_text_or_focal_point_breaks_the_rules_stores_nothing(
    console: TestClient, token: str, stack: Stack, fields: dict[str, str]
) -> None:
    sent = console.post("/upload", data={"token": token, **fields}, files={"file": ("a.jpg", b"data")})
    assert sent.status_code == 400
    assert stack.client("s3").list_objects_v2(Bucket="originals")["KeyCount"] == 0


def test_an_upload_redirects_to_a_page_of_the_console(console: TestClient, token: str) -> None:
    sent = console.post(
        "/upload",
        data={"token": token, "id": "//evil.example/x"},
        files={"file": ("x", b"data")},
    )
    assert (sent.status_code, sent.headers["location"]) == (303, "/image?id=%2F%2Fevil.example%2Fx")
