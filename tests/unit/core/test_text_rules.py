"""What an image's text may hold, whichever way it comes; the schema's own library agrees."""

import base64
import json
from types import MappingProxyType
from typing import Any

import jsonschema
import pytest
import yaml

from dev.checks import ROOT
from imageservice.core.errors import RequestInvalid
from imageservice.core.image_text import FIELDS
from imageservice.core.text_rules import check_text
from imageservice.core.uploaded_text import text_in, text_metadata

SCHEMA = json.loads((ROOT / "functions/imageservice/core/image_text.schema.json").read_text())
ACCEPTED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "all": {
        "alt": "Red shoe",
        "caption": "In the shop\nin May",
        "credit": "Ann Lee / Agency",
        "copyright": "© 2026 Ann Lee",
        "tags": ["shoes", "red, bright", "50%"],
        "filename": "Red shoe (2).jpg",
    },
    "decoration": {"alt": ""},
    "any language": {
        "alt": "赤い靴",
        "caption": "حذاء أحمر",
        "credit": "Zoë Ångström",
        "tags": ["👟", "नमस्ते"],
    },
    "joined emoji": {"alt": "👩‍👩‍👧‍👦 🏳️‍🌈"},
    "isolated direction": {"alt": "\u2067שלום\u2069 is a greeting"},
    "HTML is text": {"alt": '"><script>alert(1)</script>', "tags": ["<b>"]},
    "the longest": {"alt": "é" * 1000},
    "spaces around": {"credit": " Ann "},
    "not encoded words": {"alt": "=?no?", "credit": "100%25 %zz"},
}
REFUSED: dict[str, Any] = {
    "no object": [],
    "a text": "alt",
    "unknown field": {"title": "A"},
    "a number": {"alt": 1},
    "null": {"alt": None},
    "too long": {"alt": "a" * 1001},
    "control": {"alt": "a\x07"},
    "escape": {"credit": "\x1b[2J"},
    "NUL": {"caption": "a\x00b"},
    "line feed": {"alt": "a\nb"},
    "carriage return": {"caption": "a\rb"},
    "line separator": {"alt": "a\u2028b"},
    "override": {"caption": "a\u202eb"},
    "noncharacter": {"alt": "\uffff"},
    "empty caption": {"caption": ""},
    "tags as text": {"tags": "a,b"},
    "too many tags": {"tags": [str(number) for number in range(51)]},
    "a long tag": {"tags": ["a" * 65]},
    "an empty tag": {"tags": [""]},
    "a tag twice": {"tags": ["a", "a"]},
    "a tag that is a number": {"tags": [1]},
    "a list of a list": {"tags": [["a"]]},
    "a path": {"filename": "../../etc/passwd"},
    "a Windows path": {"filename": "C:\\fakepath\\a.jpg"},
    "a header": {"filename": 'a"; x=y'},
    "a new header": {"filename": "a\r\nset-cookie: b"},
    "a disguised extension": {"filename": "photo\u202egpj.exe"},
    "a mark of direction": {"filename": "a\u200fb"},
    "hidden": {"filename": ".htaccess"},
    "a last dot": {"filename": "a."},
}


def test_text_may_be_any_mapping() -> None:
    text = {"alt": "Red shoe"}
    assert check_text(MappingProxyType(text)) == text
    assert text_metadata(MappingProxyType({}), {}) == {}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_text_that_people_write_is_accepted_unchanged(text: dict[str, Any]) -> None:
    jsonschema.validate(text, SCHEMA)
    assert check_text(text) == text


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_text_that_could_harm_is_refused_with_one_sentence(text: Any) -> None:
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(text)
    with pytest.raises(RequestInvalid) as caught:
        check_text(text)
    reason = str(caught.value)
    assert len(reason) < 200
    assert reason.isprintable()
    assert reason.endswith(".")


@pytest.mark.parametrize("half", ["\ud800", "a\ud83d"])
def test_half_a_character_is_refused(half: str) -> None:
    with pytest.raises(RequestInvalid):
        check_text({"alt": half})
    with pytest.raises(RequestInvalid):
        check_text({half: "a"})


def test_all_fields_together_are_bounded() -> None:
    with pytest.raises(RequestInvalid, match="8,192 bytes"):
        check_text({"alt": "赤" * 1000, "caption": "赤" * 2000})


def test_null_stands_for_a_removal_only_where_it_may() -> None:
    assert check_text({"alt": None, "tags": None}, removable=True) == {"alt": None, "tags": None}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_text_passes_through_an_originals_metadata(text: dict[str, Any]) -> None:
    if len(json.dumps(text)) > 2000:
        return
    metadata = text_metadata(text, {})
    # What HTTP and S3 do to a header's value.
    assert all(value.isascii() and value == value.strip() for value in metadata.values())
    assert text_in(metadata) == text


def test_text_that_s3_has_no_room_for_is_refused_with_what_to_do() -> None:
    with pytest.raises(RequestInvalid, match="PATCH"):
        text_metadata({"alt": "é" * 400}, {})
    with pytest.raises(RequestInvalid, match="PATCH"):
        text_metadata({"alt": "a" * 1000}, {"uploaded-by": "b" * 1100})


def encoded_word(text: str, charset: str = "UTF-8") -> str:
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def test_utf8_that_was_sent_as_it_is_comes_back_from_s3_in_encoded_words() -> None:
    assert text_in({"alt": encoded_word("Schöne Grüße"), "tags": f"a, {encoded_word('é, ü')}"}) == {
        "alt": "Schöne Grüße",
        "tags": ["a", "é", "ü"],
    }
    assert text_in({"alt": "=?utf-8?q?=E8=B5=A4=E3=81=84?="}) == {"alt": "赤い"}


@pytest.mark.parametrize(
    "value",
    [
        "a" * 1500,
        "%00",
        "%ff%fe",
        "%E2%80%AE",
        "=?utf-7?B?K0FHRS0=?=",
        "=?unicode_escape?B?XHUwMDAw?=",
        "=?nonsense?B?YQ==?=",
        "=?UTF-8?B?/w==?=",
        "=?UTF-8?B?A?=",
    ],
)
def test_metadata_of_other_programs_that_breaks_the_rules_is_no_text(value: str) -> None:
    assert text_in({"alt": value, "credit": "Ann", "caption-of-theirs": "b"}) == {"credit": "Ann"}


def test_the_apis_document_has_the_same_limits() -> None:
    described = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())["components"]["schemas"]["Text"]
    assert tuple(described["properties"]) == tuple(SCHEMA["properties"]) == FIELDS
    limits = ("minLength", "maxLength", "maxItems", "uniqueItems")
    for name, own in SCHEMA["properties"].items():
        other = described["properties"][name]
        assert {each: own.get(each) for each in limits} == {each: other.get(each) for each in limits}, name
    tag, other = SCHEMA["properties"]["tags"]["items"], described["properties"]["tags"]["items"]
    assert (tag["minLength"], tag["maxLength"]) == (other["minLength"], other["maxLength"])
