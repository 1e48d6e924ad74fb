"""An original goes into the bucket; its renditions come out through the reader, as bytes that decode."""

import io
import itertools
import re
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from PIL import Image
from service import Service

GOOD = {
    "cmyk-icc-segments.jpg": "jpeg",
    "cmyk.tif": "jpeg",
    "gears-101frames.webp": "gif",
    "gray-16bit.tif": "jpeg",
    "landscape-orientation6.jpg": "jpeg",
    "sign-12mp-displayp3.heic": "jpeg",
    "text-11frames.gif": "gif",
    "trees-alpha.png": "jpeg",  # its alpha channel is opaque throughout
    "trees-cutout.png": "png",
}


def redirected(service: Service, image_id: str, **query: str) -> httpx.Response:
    """The bytes that a browser gets in the end."""
    # An HTTP API decodes a path twice (docs/read-path.md).
    url = service.stack.url("/images/" + quote(quote(image_id)))
    first = httpx.get(url, params=query)
    assert first.status_code == 302, first.text
    return httpx.get(first.headers["location"])


@pytest.mark.parametrize(("name", "fallback"), GOOD.items())
def test_every_rendition_decodes_to_the_size_and_format_that_is_promised(
    service: Service, samples: Path, name: str, fallback: str
) -> None:
    image_id = service.upload(samples / name)
    item = service.settled(image_id)
    assert item["status"] == "READY", item
    formats = {"webp", "gif"} if fallback == "gif" else {"avif", "webp", fallback}
    assert {rendition["format"] for rendition in item["renditions"]} == formats
    for promised in item["renditions"]:
        answer = redirected(service, image_id, size=promised["size"], format=promised["format"])
        assert answer.headers["content-type"] == f"image/{promised['format']}"
        assert len(answer.content) == promised["bytes"]
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.format is not None
            assert (image.format.lower(), image.size) == (
                promised["format"],
                (promised["width"], promised["height"]),
            )


def test_a_12_megapixel_photo_comes_in_5_sizes_of_3_formats_after_13_state_transitions(
    service: Service, samples: Path
) -> None:
    item = service.settled(service.upload(samples / "tomatoes-12mp.jpg"))
    made = {(rendition["size"], rendition["format"]) for rendition in item["renditions"]}
    sizes = ("thumb", "w320", "w640", "w1280", "w1920")
    assert made == set(itertools.product(sizes, ("avif", "webp", "jpeg")))
    entered = [
        event["type"]
        for event in service.history(item["execution"])
        if event["type"].endswith("StateEntered")
    ]
    assert len(entered) == 13


@pytest.mark.parametrize(
    "image_id", ["a b+c%20é/ü.jpg", "emoji 🦊/ファイル.jpg", "q?a=1&b=2#c.jpg", "a//b/.jpg", "<b>\"'.jpg"]
)
def test_odd_names_work_from_upload_to_redirect(service: Service, samples: Path, image_id: str) -> None:
    service.upload(samples / "trees-small.png", image_id)
    assert service.settled(image_id)["status"] == "READY"
    assert redirected(service, image_id, size="thumb").status_code == 200


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("broken-header.jpg", "JPEG"),
        ("truncated.jpg", "cut off"),
        ("bomb-4gigapixel.gif", "GIF|pixels"),
        (b"This is no photo.", "not accepted"),
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0" + bytes(51_000_000), "50"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    ],
    ids=["broken header", "truncated", "bomb", "text", "nothing", "51 MB", "SVG"],
)
def test_a_bad_image_is_rejected_with_a_reason_that_a_person_understands(
    service: Service, samples: Path, content: str | bytes, reason: str
) -> None:
    original = samples / content if isinstance(content, str) else content
    item = service.settled(service.upload(original))
    assert item["status"] == "REJECTED"
    assert item["error"]["name"] == "ImageRejected"
    assert re.search(reason, item["error"]["cause"]), item["error"]


def test_a_rejected_image_leaves_a_failed_execution_with_the_reason(service: Service, samples: Path) -> None:
    item = service.settled(service.upload(b"This is no photo."))
    service.ended(item["execution"])  # the item is REJECTED some states earlier
    described = service.stack.client("stepfunctions").describe_execution(executionArn=item["execution"])
    assert (described["status"], described["error"]) == ("FAILED", "ImageRejected")
    assert described["cause"] == item["error"]["cause"]
