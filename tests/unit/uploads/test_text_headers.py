"""The image's text in the headers of PUT: as S3 takes an object's metadata, but refused if it breaks the rules."""

from email.header import Header
from typing import Any

import pytest

from imageservice.core.errors import RequestInvalid
from imageservice.core.uploaded_text import text_in, text_metadata
from uploads.requests import Writes, put_image

TEXT = {
    "alt": 'A "red" shoe <b>',
    "caption": "Two\nlines",
    "credit": "Zoë",
    "copyright": "© 2026 Ann Lee",
    "tags": ["a, b", "靴"],
    "filename": "Rote Schuhe.png",
}


def put(**metadata: str) -> dict[str, Any]:
    headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
    return {"rawPath": "/images/a", "headers": {"content-type": "image/png", **headers}, "body": "an image"}


def stored(s3: Any) -> dict[str, str]:
    metadata: dict[str, str] = s3.head_object(Bucket="source", Key="a")["Metadata"]
    return metadata


def test_a_put_image_has_the_text_and_the_focal_point_of_its_headers(writes: Writes, s3: Any) -> None:
    put_image(writes, put(focus="0.42,0.18", **text_metadata(TEXT, {})))
    assert text_in(stored(s3)) == TEXT
    assert stored(s3)["focus"] == "0.42,0.18"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_encoded_words_are_text_like_percent_encoding(writes: Writes, s3: Any, encoding: str) -> None:
    put_image(writes, put(alt=Header("Zoë's shoe", encoding).encode(), caption="Zo%C3%AB's shoe"))
    assert text_in(stored(s3)) == {"alt": "Zoë's shoe", "caption": "Zoë's shoe"}


def test_an_empty_alt_is_a_decoration(writes: Writes, s3: Any) -> None:
    put_image(writes, put(alt=""))
    assert text_in(stored(s3)) == {"alt": ""}


def test_other_metadata_is_not_stored(writes: Writes, s3: Any) -> None:
    put_image(writes, put(title="T", **{"restored-from": "v1", "uploaded-at": "2026-01-01T00:00:00.000Z"}))
    assert stored(s3).keys() == {"uploaded-by"}


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"alt": "Zoë"}, "x-amz-meta-alt .* percent-encoded"),
        ({"alt": "ZoÃ«"}, "RFC 2047"),
        ({"alt": "%ff"}, "x-amz-meta-alt can't be read"),
        ({"credit": "=?UTF-8?B?a?="}, "x-amz-meta-credit can't be read"),
        ({"credit": "=?utf-7?Q?+AGE-?="}, "x-amz-meta-credit can't be read"),
        ({"caption": ""}, "caption has 0 characters; it may have 1 to 2,000"),
        ({"alt": "a%00b"}, "alt has a character that is not accepted"),
        ({"filename": "a%2Fb.jpg"}, "filename has a character"),
        ({"filename": "a" * 151}, "filename has 151 characters; it may have 1 to 150"),
        ({"tags": ",".join(map(str, range(51)))}, "tags has 51 entries; it may have at most 50"),
        ({"caption": "%E9%9D%B4" * 250}, "text takes 2,[0-9]{3} bytes with an upload.* at most 2,048"),
    ],
)
def test_text_that_breaks_the_rules_is_refused_and_nothing_stored(
    writes: Writes, s3: Any, metadata: dict[str, str], reason: str
) -> None:
    with pytest.raises(RequestInvalid, match=reason):
        put_image(writes, put(**metadata))
    assert s3.list_objects_v2(Bucket="source")["KeyCount"] == 0
