"""The page with samples before and after: ids that mean harm, sizes of other names, and images that can't be made."""

from __future__ import annotations

import io
from typing import Any

from imageservice_operator.operations.plan_effect import Sampled
from imageservice_operator.operations.plan_page import page, pair
from imageservice_operator.operations.stack import Stack

HARM = "<script>alert(1)</script>\"'\u202e\x1b[2J"


def rendition(size: str, width: int, format: str = "webp") -> dict[str, Any]:
    return {
        "size": size,
        "width": width,
        "height": 10,
        "format": format,
        "key": f"{size}.{format}",
        "bytes": 7,
    }


class Store:
    """A client of S3 whose every object is its own key."""

    def get_object(self, **request: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(request["Key"].encode())}


STACK = Stack("s", "us-east-1", {"ProcessedBucketName": "processed"}, lambda *_, **__: Store())


def test_an_id_that_means_harm_is_text_on_the_page() -> None:
    sampled = Sampled(HARM, "", [rendition("w", 9)], [rendition("w", 9)])
    rejected = Sampled("b", "", [rendition("w", 9)], rejected=HARM)
    html = page(STACK, [sampled, rejected], HARM)
    assert "<script" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "default-src 'none'" in html


def test_renditions_of_one_name_are_compared_and_otherwise_the_nearest_in_width() -> None:
    old = [
        rendition("thumb", 160),
        rendition("w320", 320),
        rendition("w320", 320, "avif"),
        rendition("w1280", 1280),
    ]
    same = pair(Sampled("a", "", old, [rendition("w320", 320), rendition("hero", 600)]))
    assert same == (rendition("w320", 320), rendition("w320", 320))
    other = pair(Sampled("a", "", old, [rendition("card", 300), rendition("huge", 4000)]))
    assert other == (rendition("w320", 320), rendition("card", 300))
    assert pair(Sampled("a", "", old, [])) is None
    assert pair(Sampled("a", "", [], old)) is None


def test_an_image_that_only_has_avif_is_shown_as_avif() -> None:
    only = [rendition("w", 9, "avif")]
    assert "data:image/avif;base64," in page(STACK, [Sampled("a", "", only, only)], "t")
