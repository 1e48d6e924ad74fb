"""Pages stay small and commands need little memory, however many images there are.

`./scripts/bench operator` measures both on 100,000 images.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any

import boto3
import image_tables
import moto_workflows
import pytest
from moto import mock_aws
from rich.console import Console
from starlette.testclient import TestClient

from imageservice.adapters.image_table import to_dynamodb
from imageservice_operator.cli.list import show_pages
from imageservice_operator.cli.session import Session
from imageservice_operator.console.app import create_app
from imageservice_operator.operations import images
from imageservice_operator.operations.stack import Stack

MOST_BYTES = 200_000
FAILED = "arn:aws:states:us-east-1:123456789012:execution:ProcessImage:"


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        outputs = {
            "SourceBucketName": "originals",
            "ImageTableName": "images",
            "ApiUrl": "https://api.example",
        }
        boto3.client("s3").create_bucket(Bucket="originals")
        image_tables.create(boto3.client("dynamodb"))
        outputs |= moto_workflows.create(
            boto3.client("stepfunctions"), (*moto_workflows.NAMES, "ReprocessImages")
        )
        yield Stack("shop", "us-east-1", outputs, boto3.client)


def fill(stack: Stack, numbers: range) -> None:
    """Images with long ids, half of them FAILED with a long cause."""
    for number in numbers:
        image_id = f"{'long-folder/' * 12}{number}.jpg"
        failed = number % 2 == 1
        rendition = {
            "size": "thumb",
            "format": "webp",
            "width": 160,
            "height": 160,
            "key": f"{image_id}/d/thumb.webp",
        }
        item = {
            "id": image_id,
            "status": "FAILED" if failed else "READY",
            "updated_at": f"2026-11-26T03:{number // 60 % 60:02}:{number % 60:02}.000Z",
            "revision": 1,
            "execution": f"{FAILED}{number}",
            "placeholder": f"data:image/webp;base64,{'A' * 400}",
            "renditions": [{**rendition, "bytes": 5000}],
            **(
                {"error": {"name": "CacheUnavailable", "cause": "Redis: " + "timeout " * 100}}
                if failed
                else {}
            ),
        }
        stack.client("dynamodb").put_item(TableName="images", Item=to_dynamodb(item))


PATHS = ("/", "/?status=READY", "/?status=FAILED", "/failures", "/executions")


def test_a_page_is_as_large_with_twice_the_images(stack: Stack) -> None:
    sizes: list[dict[str, int]] = []
    for numbers in (range(110), range(110, 220)):
        fill(stack, numbers)
        console = TestClient(create_app(stack), base_url="http://127.0.0.1")
        answers = {path: console.get(path) for path in PATHS}
        assert {answer.status_code for answer in answers.values()} == {200}
        sizes.append({path: len(answer.content) for path, answer in answers.items()})
    assert {path: size for path, size in sizes[1].items() if size > MOST_BYTES} == {}
    assert {path: size for path, size in sizes[1].items() if size > 1.1 * sizes[0][path]} == {}


@pytest.fixture
def in_twos(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes a page of a list two images long; gives the output at the beginning of each page."""
    listed, written = images.listed, []

    def page(stack: Stack, **options: Any) -> images.Page:
        written.append(OUT.getvalue())
        return listed(stack, **{**options, "limit": 2})

    OUT.seek(0)
    OUT.truncate()
    monkeypatch.setattr(images, "listed", page)
    return written


OUT = io.StringIO()


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "table"])
def test_a_long_list_is_written_page_by_page(stack: Stack, as_json: bool, in_twos: list[str]) -> None:
    fill(stack, range(6))
    show(stack, as_json)
    assert ["long-folder" in page for page in in_twos[:3]] == [False, True, True]
    assert len(in_twos[1]) < len(in_twos[2]) < len(OUT.getvalue())


def test_the_pages_of_a_long_list_are_one_table(stack: Stack, in_twos: list[str]) -> None:
    fill(stack, range(6))
    show(stack, as_json=False)
    lines = OUT.getvalue().splitlines()
    assert len(in_twos) >= 3
    assert sum("revision" in line for line in lines) == 1
    assert len({line.index(word) for line in lines for word in ("READY", "FAILED") if word in line}) == 1


def show(stack: Stack, as_json: bool) -> None:
    """The whole list, into OUT."""
    console: Any = Console(file=OUT, width=300)
    with contextlib.redirect_stdout(OUT):
        show_pages(Session(lambda: stack, as_json, console, console), None, "", None)
