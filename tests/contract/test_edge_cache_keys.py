"""What the edge's function makes of parameters: few cache keys, and the answers that the reader alone would give."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from edge_functions import Node, function_event
from hypothesis import given, settings
from hypothesis import strategies as st
from read_world import EDGE, manifest

from dev.checks.template import template
from imageservice.core.errors import Problem
from imageservice.core.formats import FORMATS
from imageservice.core.negotiation import choose, preferred_formats
from local.cloudfront.distribution import Distribution, function_codes
from local.cloudfront.event import Onward, Viewer, event, outcome
from local.cloudfront.function import Function
from local.deployment import source
from reader.picture import CHOICES, LONGEST
from reader.request import read_request

REPOSITORY = Path(__file__).parents[2]
TEMPLATE = source.read(REPOSITORY / "template.yaml")
DISTRIBUTION = Distribution.of_template(TEMPLATE)
CODE = function_codes(TEMPLATE, {})["NormalizeRequest"]
PARAMETERS = DISTRIBUTION.behavior("/images/a.jpg").parameters
WIDTHS = [int(width) for width in template()["Parameters"]["RenditionWidths"]["Default"].split(",")]
QUICKJS = Function(CODE)
ACCEPT = "image/avif,image/webp,*/*;q=0.8"


def test_the_template_has_the_widths_of_the_plan() -> None:
    plan = (REPOSITORY / "functions" / "imageservice" / "core" / "rendition_plan.json").read_text()
    widths: set[int] = set()

    def collect(members: dict[str, Any]) -> dict[str, Any]:
        widths.update(value for name, value in members.items() if name == "width")
        return members

    json.loads(plan, object_hook=collect)
    assert sorted(widths) == WIDTHS


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    started = Node(CODE)
    yield started
    started.close()


Run = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(params=["quickjs", "node"])
def run(request: pytest.FixtureRequest, node: Node) -> Run:
    return QUICKJS if request.param == "quickjs" else node


def sent_on(run: Run, query: str, accept: str = ACCEPT) -> tuple[str, str] | int:
    """The query and the Accept header that reach the cache, or the status of the function's own answer."""
    headers = (("host", "cdn.example"), ("accept", accept))
    sent = event(Viewer("GET", "/images/a.jpg", query, headers, ""), {})
    found = outcome(sent, run(sent))
    return (found.query, found.headers["accept"]) if isinstance(found, Onward) else found.status


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("w=300", "w=320"),
        ("w=300.0001", "w=320"),
        ("w=0300", "w=320"),
        ("w=%33%30%30", "w=320"),
        ("w=300&dpr=2", "w=640"),
        ("dpr=2.00&w=300", "w=640"),
        ("w=320.0001", "w=640"),
        ("w=1920", "w=1920"),
        ("w=1921", ""),
        ("w=300&utm=1&W=7", "w=320"),
        ("size=thumb", "size=thumb"),
        ("size=%74humb", "size=thumb"),
        ("format=jpg", "format=jpeg"),
        ("fallback=%67ray", "fallback=gray"),
        ("format=webp&size=thumb", "format=webp&size=thumb"),
        ("download", "download=1"),
        ("download=x.exe&size=thumb", "download=1&size=thumb"),
        ("", ""),
    ],
)
def test_each_wish_has_one_spelling(run: Run, query: str, expected: str) -> None:
    found = sent_on(run, query)
    assert isinstance(found, tuple)
    assert "&".join(sorted(found[0].split("&"))) == expected


@pytest.mark.parametrize(
    "query",
    [
        "w=+300",
        "w=%2B300",
        "w=300&w=300",
        "w=3e2",
        "w=0",
        "w=",
        "w=20001",
        "w=-1",
        "w=٣",
        "w=%E0%A4%A",
        "w=1&dpr=11",
    ],
)
def test_a_number_that_the_reader_would_refuse_does_not_reach_it(run: Run, query: str) -> None:
    assert sent_on(run, query) == 400


def test_with_a_format_accept_has_no_say(run: Run) -> None:
    found = {sent_on(run, "w=300&format=webp", accept) for accept in (ACCEPT, "image/webp", "*/*", "")}
    assert found == {("format=webp&w=320", "*/*")} or found == {("w=320&format=webp", "*/*")}


def test_parameters_of_writes_and_other_paths_are_left_alone(run: Run) -> None:
    for method, uri in (("PUT", "/images/a.jpg"), ("GET", "/uploads/a.jpg"), ("POST", "/uploads")):
        sent = function_event(uri, method=method, querystring={"w": {"value": "x"}})
        assert run(sent)["querystring"] == {"w": {"value": "x"}}


def test_metadata_keep_the_options_of_their_html_in_one_spelling(run: Run) -> None:
    query = "utm=1&alt=A%20%22red%22+chair&%61lt=x&style=n%6Fne&loading=eager"
    sent = event(Viewer("GET", "/metadata/a.jpg", query, (("host", "h"),), ""), {})
    found = outcome(sent, run(sent))
    assert isinstance(found, Onward)
    assert sorted(found.query.split("&")) == ["alt=A%20%22red%22%20chair", "loading=eager", "style=none"]
    assert set(DISTRIBUTION.behavior("/metadata/a.jpg").parameters) == {*LONGEST, *CHOICES}


def hostile(chance: random.Random) -> str:
    """A query of someone who wants as many keys as possible."""
    width = chance.randint(1, 4000)
    spellings = [
        str(width),
        f"{width}.{chance.randint(0, 9999):04}",
        f"{width:05}",
        f"%2B{width}",
        "".join(f"%{ord(digit):02X}" for digit in str(width)),
        f"{width}e0",
        f"{width}&w={width}",
    ]
    wish = chance.choice(
        [
            f"w={chance.choice(spellings)}",
            f"w={chance.choice(spellings)}&dpr={chance.uniform(0.1, 9):.4f}",
            f"size={chance.choice(['thumb', '%74humb', 'w640', 'w%36%34%30', 'w1280'])}",
        ]
    )
    formats = ["", "&format=webp", "&format=jpg", "&format=jp%67", f"&format={chance.random()}"]
    more = chance.choice([*formats, "&fallback=gray", "&fallback=transparent"])
    return f"{wish}{more}&x{chance.randint(0, 10**9)}={chance.randint(0, 10**9)}"


def cache_key(found: tuple[str, str] | int) -> tuple[str, ...] | int:
    """The part of what the function leaves that the edge tells answers apart by."""
    if isinstance(found, int):
        return found
    query, accept = found
    return (*sorted(pair for pair in query.split("&") if pair.partition("=")[0] in PARAMETERS), accept)


def test_ten_thousand_hostile_urls_are_no_more_keys_than_the_plan_has_sizes() -> None:
    """Per image: each width, no width, and the names of three sizes; times an Accept, or one of the formats."""
    chance = random.Random(1)
    asked = [
        (hostile(chance), chance.choice([ACCEPT, "image/webp", "*/*", str(chance.random())]))
        for _ in range(10_000)
    ]
    assert len(set(asked)) > 9_900
    keys = {cache_key(sent_on(QUICKJS, *each)) for each in asked}
    assert len({key for key in keys if isinstance(key, tuple)}) <= (len(WIDTHS) + 1 + 3) * (3 + 2)
    assert {key for key in keys if isinstance(key, int)} == {400}


def test_the_cache_key_is_what_the_function_leaves() -> None:
    assert PARAMETERS == ("size", "w", "format", "download")


_NUMBERS = st.one_of(
    st.integers(-1, 2_500).map(str),
    st.decimals(0, 11, places=2).map(str),
    st.sampled_from(["0300", "+300", "3e2", "", "20000", "20001", "1.00001", "٣", "300,300"]),
)
_SIZES = st.sampled_from(["thumb", "w320", "w1920", "w9", "Thumb", "", "a b", "x" * 33])
_FORMATS = st.sampled_from(
    [
        *(name for row in FORMATS.values() for name in (row.name, *row.aliases)),
        "fallback",
        "svg",
        "constructor",
    ]
)
_FALLBACKS = st.sampled_from(["gray", "transparent", "", "red"])
_QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "w": _NUMBERS,
        "dpr": _NUMBERS,
        "size": _SIZES,
        "format": _FORMATS,
        "utm": _SIZES,
        "fallback": _FALLBACKS,
    },
)
_WIDTHS = st.integers(1, 2_000)


@settings(max_examples=400, deadline=None)
@given(query=_QUERIES, width=_WIDTHS, height=_WIDTHS)
def test_behind_the_function_the_reader_chooses_what_it_would_choose_alone(
    query: dict[str, str], width: int, height: int
) -> None:
    """For any original: its widest rendition is at most as wide as it is."""
    whole = [size for size in WIDTHS if size < width] + [width]
    known: Any = {
        **manifest("a.jpg"),
        "width": width,
        "height": height,
        "aliases": {},
        "renditions": [
            {
                "size": f"w{size}",
                "width": size,
                "height": max(1, round(size * height / width)),
                "format": name,
                "key": name,
            }
            for size in whole
            for name in ("avif", "webp", "jpeg")
        ]
        + [
            {"size": "thumb", "width": 160, "height": 160, "format": name, "key": name}
            for name in ("avif", "webp", "jpeg")
            if min(width, height) > 160  # of a smaller one, it is as wide as the original
        ],
    }
    encoded = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    sent = event(Viewer("GET", "/images/a.jpg", encoded, (("host", "h"), ("accept", ACCEPT)), ""), {})
    found = outcome(sent, QUICKJS(sent))
    if isinstance(found, Onward):
        behind = chosen(known, dict(parse_qsl(found.query, keep_blank_values=True)), found.headers["accept"])
    else:
        behind = json.loads(found.body)["detail"]
    assert behind == chosen(known, query, ACCEPT)


def chosen(known: Any, query: dict[str, str], accept: str) -> Any:
    """The rendition that the reader chooses, or why there is none."""
    request = {
        "rawPath": "/images/a.jpg",
        "headers": {"accept": accept},
        "queryStringParameters": query,
        "requestContext": {"http": {"method": "GET"}},
    }
    try:
        read = read_request(request, EDGE)
        return choose(known, read.query, preferred_formats(read.accept))
    except Problem as error:
        return str(error)
