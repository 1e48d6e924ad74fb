"""A private image in the console: operators see it, and get no link that would not work."""

from starlette.testclient import TestClient

from imageservice.adapters.image_table import to_dynamodb
from imageservice_operator.operations.stack import Stack

ID = "in voices/a'b.jpg"


def put(stack: Stack, digest: str) -> str:
    """An image of this digest; returns its rendition's key."""
    key = f"{ID}/{digest}/w64.jpg"
    stack.client("s3").put_object(
        Bucket=stack.processed_bucket, Key=key, Body=b"\xff\xd8pixels", ContentType="image/jpeg"
    )
    rendition = {"size": "w64", "width": 64, "height": 48, "format": "jpeg", "key": key, "bytes": 8}
    source = {"bucket": "originals", "key": ID, "bytes": 9, "width": 64, "height": 48, "format": "jpeg"}
    item = {"id": ID, "status": "READY", "sequencer": "1", "updated_at": "2026-11-22T12:00:00.000Z"}
    item |= {"digest": digest, "source": source, "renditions": [rendition]}
    stack.client("dynamodb").put_item(TableName=stack.output("ImageTableName"), Item=to_dynamodb(item))
    return key


def test_a_private_images_page_shows_it_and_the_command_that_signs_a_link(
    console: TestClient, stack: Stack
) -> None:
    key = put(stack, "p123456789abcdef")
    page = console.get("/image", params={"id": ID}).text
    assert "The image is private" in page
    assert "images link &#39;in voices/a&#39;&#34;&#39;&#34;&#39;b.jpg&#39;" in page
    assert "https://api.example/images/" not in page
    assert console.get("/rendition", params={"key": key}).content == b"\xff\xd8pixels"


def test_a_public_images_page_has_its_lasting_links(console: TestClient, stack: Stack) -> None:
    put(stack, "0123456789abcdef")
    page = console.get("/image", params={"id": ID}).text
    assert "The image is private" not in page
    assert "https://api.example/images/" in page
