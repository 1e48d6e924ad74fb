"""What an image id may be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageservice.core.errors import ImageIdInvalid
from imageservice.core.formats import FORMATS, RENDITION_FORMATS
from imageservice.core.image_id import MAX_ID_BYTES, MAX_KEY_BYTES, check_image_id, check_key
from imageservice.core.keys import rendition_key

TAKEN = [
    "a",
    "a b+c%20é/ü.jpg",
    "a//b",
    "/a",
    "a/",
    "...",
    "a/.hidden",
    "a/b..",
    "..a/b",
    "$filename",
    "{filename}",
    "日本/写真.heic",
    "👩‍👩‍👧.png",
    "\u00a0",
    "k" * 969,
    "é" * 484,
]
REFUSED = {
    "": "0 bytes",
    "k" * 970: "970 bytes",
    "é" * 485: "970 bytes",
    "\ud800": "UTF-8",
    "a\udcff.jpg": "UTF-8",
    "a\nb": "U[+]000A",
    "\x00": "U[+]0000",
    "a\x1b[2J": "U[+]001B",
    "a\x7f": "U[+]007F",
    "a\x9b": "U[+]009B",
    "a\ufffe": "U[+]FFFE",
    ".": "part",
    "..": "part",
    "../x": "part",
    "a/./b": "part",
    "a/..": "part",
    "a/../../b": "part",
    "./a": "part",
    "${filename}": "filename",
    "a/${filename}": "filename",
}


def refusal(text: str) -> str | None:
    try:
        check_image_id(text)
    except ImageIdInvalid as error:
        return str(error)
    return None


@pytest.mark.parametrize("image_id", TAKEN)
def test_any_other_text_is_an_id(image_id: str) -> None:
    assert check_image_id(image_id) == image_id


@pytest.mark.parametrize(("image_id", "reason"), REFUSED.items(), ids=ascii)
def test_what_cannot_be_an_id_is_refused_with_the_reason(image_id: str, reason: str) -> None:
    with pytest.raises(ImageIdInvalid, match=reason):
        check_image_id(image_id)


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_whatever_is_taken_has_no_part_that_a_path_loses_and_survives_utf8(text: str) -> None:
    reason = refusal(text)
    if reason is None:
        assert text.encode().decode() == text
        assert not {".", ".."} & set(text.split("/"))
        assert not any(unicodedata.category(letter) == "Cc" for letter in text)
        assert "${filename}" not in text
    else:
        assert reason.endswith(".")
        assert reason.isprintable()


def test_the_longest_id_leaves_room_for_its_longest_rendition() -> None:
    """The schema allows names of 32 characters."""
    longest = max(
        len(rendition_key("k" * MAX_ID_BYTES, "0" * 16, "n" * 32, name)) for name in RENDITION_FORMATS
    )
    assert longest == MAX_KEY_BYTES
    assert max(len(FORMATS[name].extension) for name in RENDITION_FORMATS) == 4


@pytest.mark.parametrize("key", ["../x", "a/./b", "${filename}", "a\nb", "k" * 1024])
def test_an_operator_can_look_up_whatever_s3_can_store(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "k" * 1025, "\udcff"])
def test_what_s3_cannot_store_is_no_key(key: str) -> None:
    with pytest.raises(ImageIdInvalid):
        check_key(key)
