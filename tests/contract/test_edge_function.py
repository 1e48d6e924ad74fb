"""The template's own CloudFront Function, in the engine of the local edge and in Node.

Two engines, because CloudFront's own is neither: what both agree on does not depend on one of them.
"""

import re
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from edge_functions import Node, Viewers
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import HANG_S

from imageservice.core.negotiation import preferred_formats
from local.cloudfront.distribution import function_codes
from local.cloudfront.function import Function
from local.deployment import source

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = function_codes(source.read(REPOSITORY / "template.yaml"), {})
CODE = FUNCTIONS["NormalizeRequest"]


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    started = Node(CODE)
    yield started
    started.close()


@pytest.fixture(scope="module", params=["quickjs", "node"])
def function(request: pytest.FixtureRequest, node: Node) -> Viewers:
    return Viewers(Function(CODE) if request.param == "quickjs" else node)


def accepted(function: Viewers, accept: str) -> str:
    value: str = function("/images/a.jpg", accept=accept)["headers"]["accept"]["value"]
    return value


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/avif,image/webp"),
        ("image/webp,*/*;q=0.5", "image/webp"),
        ("image/avif;q=0.5,image/webp", "image/webp,image/avif;q=0.9"),
        ("image/avif", "image/avif"),
        ("*/*", "*/*"),
        ("text/html", "*/*"),
        ("image/avif;q=0", "*/*"),
    ],
)
def test_every_accept_header_becomes_one_of_five(function: Viewers, accept: str, expected: str) -> None:
    assert accepted(function, accept) == expected


def test_a_request_without_accept_takes_anything(function: Viewers) -> None:
    assert function("/images/a.jpg")["headers"]["accept"]["value"] == "*/*"


def test_an_accept_header_sent_in_pieces_counts_whole(function: Viewers) -> None:
    pieces = {"value": "image/avif", "multiValue": [{"value": "image/avif"}, {"value": "image/webp"}]}
    assert function("/images/a.jpg", accept=pieces)["headers"]["accept"]["value"] == "image/avif,image/webp"


_TYPES = st.sampled_from(
    ["image/avif", "image/webp", "image/jpeg", "image/png", "image/*", "*/*", "text/html", "", "Image/AVIF"]
)
_QUALITIES = st.sampled_from(
    [
        "",
        ";q=0",
        ";q=1",
        ";q=0.5",
        "; q=.8",
        ";Q=0.300",
        ";q=",
        ";q=x",
        ";q",
        ";q=1.",
        ";q=.",
        ";v=b;q=0.7",
        ";q=9",
    ]
)
_ACCEPTS = st.lists(st.builds(str.__add__, _TYPES, _QUALITIES), max_size=6).map(", ".join)


@settings(max_examples=300, deadline=None)
@given(accept=_ACCEPTS)
def test_the_edge_and_the_reader_understand_an_accept_header_alike(function: Viewers, accept: str) -> None:
    assert preferred_formats(accepted(function, accept)) == preferred_formats(accept)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=300, deadline=None)
@given(path=_TEXT, accept=st.one_of(_ACCEPTS, _TEXT), host=_TEXT)
def test_both_engines_give_the_same_request(node: Node, path: str, accept: str, host: str) -> None:
    in_quickjs = Viewers(_QUICKJS)("/" + path, accept=accept, host=host)
    assert in_quickjs == Viewers(node)("/" + path, accept=accept, host=host)


_QUICKJS = Function(CODE)


def test_a_renditions_path_becomes_its_key(function: Viewers) -> None:
    uri = "/renditions/a%20b%2Bc%2520.jpg/0123456789abcdef/thumb.webp"
    assert function(uri)["uri"] == "/a%20b%2Bc%2520.jpg/0123456789abcdef/thumb.webp"


@pytest.mark.parametrize(
    "key",
    [
        "a.jpg/p123456789abcdef/thumb.webp",
        "a.jpg/%70123456789abcdef/thumb.webp",
        "a.jpg/p123456789abcdef%2Fthumb.webp",
        "a.jpg%2Fp123456789abcdef/thumb.webp",
        "a.jpg/p123456789abcdef/th%75mb.webp",
        "a.jpg/p123456789abcdef//thumb.webp",
        "a.jpg/p123456789abcdef/./thumb.webp",
        "a.jpg/0123456789abcdef/../p123456789abcdef/thumb.webp",
        "renditions/a.jpg/p123456789abcdef/thumb.webp",
        "a.jpg/p123456789abcdef/thumb.webp%3F/0123456789abcdef/",
        "a.jpg/p123456789abcdef/thumb.webp#/0123456789abcdef/x",
    ],
)
def test_no_spelling_of_a_private_renditions_path_becomes_a_key(function: Viewers, key: str) -> None:
    assert [function(path + key)["uri"] for path in ("/renditions/", "/downloads/")] == ["/none", "/none"]


@pytest.mark.parametrize(
    "start",
    ["//", "/./", "/../", "/x/../", "/images/../", "/signed/renditions/../../", "/signed/renditions/./"],
)
def test_a_path_that_is_another_one_once_it_is_normalized_leads_nowhere(
    function: Viewers, start: str
) -> None:
    for path in (
        "downloads/a.jpg/p123456789abcdef/thumb.webp",
        "renditions/a.jpg/p123456789abcdef/thumb.webp",
    ):
        assert function(start + path)["uri"] == "/none"


@pytest.mark.parametrize("image_id", ["/a.jpg", "a//b.jpg", "...", ".a/..b/c..", "a/.b", "%2E/%2E%2E"])
def test_ids_with_slashes_and_dots_are_no_such_paths(function: Viewers, image_id: str) -> None:
    assert unquote(unquote(function("/images/" + quote(image_id))["uri"])) == "/images/" + image_id


def test_a_signed_path_does_not_pass_on_a_forged_host(function: Viewers) -> None:
    for kind in ("renditions", "downloads"):
        request = function(
            f"/signed/{kind}/images/a.jpg", host="images.example", x_viewer_host="evil.example"
        )
        assert request["uri"] == "/images/a.jpg"
    assert request["headers"]["x-viewer-host"]["value"] == "images.example"


def test_an_image_that_is_called_renditions_is_still_an_image(function: Viewers) -> None:
    assert function("/images/renditions/a.jpg")["uri"] == "/images/renditions/a.jpg"


@pytest.mark.parametrize("image_id", ["a b+c%20é/ü.jpg", "50% off?.png", "#1/&;=@:,$!*'().gif", "%2F%25.jpg"])
def test_an_id_arrives_as_it_is_after_api_gateways_two_decodings(function: Viewers, image_id: str) -> None:
    assert unquote(unquote(function("/images/" + quote(image_id))["uri"])) == "/images/" + image_id


def test_the_viewers_host_is_passed_on_and_can_not_be_forged(function: Viewers) -> None:
    request = function("/images/a.jpg", host="images.example", x_viewer_host="evil.example")
    assert request["headers"]["x-viewer-host"]["value"] == "images.example"


each_code = pytest.mark.parametrize("code", FUNCTIONS.values(), ids=FUNCTIONS)


@each_code
def test_a_function_is_within_cloudfronts_limit(code: str) -> None:
    assert len(code.encode()) < 10_240


@each_code
def test_a_function_uses_no_syntax_that_cloudfronts_runtime_lacks(code: str) -> None:
    """Runtime 2.0 is ES 5.1 with parts of ES 6 to 12; spread, optional chaining and classes are not among them."""
    assert not re.search(r"\.\.\.|\?\.|\bclass\s+\w+\s*\{|\bfor\s*\(\s*(const|let)\b", code)


@pytest.fixture(scope="module")
def node_renew() -> Iterator[Node]:
    started = Node(FUNCTIONS["RenewLifetime"])
    yield started
    started.close()


HOUR_AGO = {"date": formatdate(time.time() - 3600, usegmt=True)}
EDGE = "public, max-age=60, stale-while-revalidate=30, s-maxage=86400, stale-if-error=86400"


@pytest.mark.parametrize("engine", ["quickjs", "node"])
@pytest.mark.parametrize(
    ("headers", "older"),
    [
        ({}, 0),
        ({"age": "7200"}, 7200),
        (HOUR_AGO, 3600),
        ({**HOUR_AGO, "age": "1"}, 3600),
        ({**HOUR_AGO, "age": "5000"}, 5000),
        ({"date": "yesterday", "age": "soon"}, 0),
        ({"date": formatdate(time.time() + 3600, usegmt=True)}, 0),
    ],
)
def test_a_lifetime_begins_when_the_viewer_gets_the_answer(
    node_renew: Node, engine: str, headers: dict[str, str], older: int
) -> None:
    renew = Function(FUNCTIONS["RenewLifetime"]) if engine == "quickjs" else node_renew
    fields = {name: {"value": value} for name, value in {"cache-control": EDGE, **headers}.items()}
    returned = renew({"response": {"statusCode": 302, "headers": fields}})
    found = re.fullmatch(
        "public, max-age=([0-9]+), stale-while-revalidate=30", returned["headers"]["cache-control"]["value"]
    )
    assert found
    assert 0 <= int(found[1]) - 60 - older < HANG_S


@pytest.mark.parametrize("control", ["no-store", "private, max-age=60, stale-while-revalidate=30", None])
def test_what_the_edge_may_not_keep_is_passed_on_as_it_is(node_renew: Node, control: str | None) -> None:
    fields = {"age": {"value": "9"}, **({"cache-control": {"value": control}} if control else {})}
    event = {"response": {"statusCode": 200, "headers": fields}}
    assert Function(FUNCTIONS["RenewLifetime"])(event) == event["response"] == node_renew(event)
