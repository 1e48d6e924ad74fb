"""A downloaded image's name: the reader makes it, the edge puts it into the header, and no link can abuse it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from edge_functions import Node, function_event
from hypothesis import given, settings
from hypothesis import strategies as st

from imageservice.core.download import disposition, download_name
from imageservice.core.links import download_link
from imageservice.core.manifest import Manifest, Rendition
from local.cloudfront.distribution import Distribution, function_codes
from local.cloudfront.function import Function
from local.deployment import source

TEMPLATE = source.read(Path(__file__).parents[2] / "template.yaml")
CODE = function_codes(TEMPLATE, {})["NameDownload"]
DISTRIBUTION = Distribution.of_template(TEMPLATE)
QUICKJS = Function(CODE)
KEY = "shoes/red.png/0123456789abcdef/w640.jpg"


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    started = Node(CODE)
    yield started
    started.close()


def event(name: str | None, key: str = KEY) -> dict[str, Any]:
    query = {} if name is None else {"name": {"value": name}}
    made = function_event(f"/downloads/{quote(key)}", querystring=query)
    return {**made, "response": {"statusCode": 200, "headers": {"content-type": {"value": "image/jpeg"}}}}


def header(name: str | None, key: str = KEY) -> str:
    headers = QUICKJS(event(name, key))["headers"]
    assert headers["content-type"] == {"value": "image/jpeg"}
    value: str = headers["content-disposition"]["value"]
    return value


def named(image_id: str, filename: str | None = None, key: str = KEY) -> str:
    manifest = Manifest(id=image_id, status="READY", revision=1)
    if filename is not None:
        manifest["text"] = {"filename": filename}
    rendition = Rendition(size="w", width=1, height=1, format="jpeg", key=key, bytes=1)
    return download_name(manifest, rendition)


@pytest.mark.parametrize(
    ("image_id", "filename", "name"),
    [
        ("shoes/red.png", None, "red.jpg"),
        ("shoes/red.png", "Rote Schuhe (2).PNG", "Rote Schuhe (2).jpg"),
        ("shoes/red.png", "赤い靴", "赤い靴.jpg"),
        ("a.b.c/archive.tar.gz", None, "archive.tar.jpg"),
        ("folder/.hidden", None, "image.jpg"),
        ("folder/", None, "image.jpg"),
        ("no extension", None, "no extension.jpg"),
        ('evil"; filename="x.exe', None, "evil_; filename=_x.jpg"),
        ("a\u202egpj.exe", None, "a_gpj.jpg"),
        ("é" * 400, None, "é" * 150 + ".jpg"),
    ],
)
def test_a_file_has_the_name_that_people_know(image_id: str, filename: str | None, name: str) -> None:
    assert named(image_id, filename) == name


@settings(deadline=None)
@given(st.text(min_size=1, max_size=80).filter(lambda text: text.isprintable()))
def test_the_edge_gives_every_name_that_the_reader_makes(text: str) -> None:
    name = named(text)
    link = download_link("https://cdn.example", KEY, name)
    assert header(link.partition("?name=")[2]) == disposition(name)


def test_the_header_is_that_of_rfc_6266(node: Node) -> None:
    name = named("x", "Zoë's «靴».png")
    encoded = "Zo%C3%AB%27s%20%C2%AB%E9%9D%B4%C2%BB.jpg"
    assert disposition(name) == f"attachment; filename=\"Zo_s _.jpg\"; filename*=UTF-8''{encoded}"
    assert node(event(quote(name, safe=""))) == QUICKJS(event(quote(name, safe="")))


HOSTILE = [
    None,
    "",
    "setup.exe",
    "photo.jpg.exe",
    "photo.png",
    "a%0D%0Aset-cookie%3A%20b.jpg",
    'a".jpg',
    "a%22%3B%20filename%3Dx.exe%3B.jpg",
    "a%00.jpg",
    "..%2F..%2Fetc%2Fpasswd.jpg",
    "a%5Cb.jpg",
    "exe%E2%80%AEfdp.jpg",
    "%FF%FE.jpg",
    "%zz.jpg",
    "a%2.jpg",
    ".jpg",
    "a" * 5000 + ".jpg",
    "é.jpg",
    "a b.jpg",
    "a;b.jpg",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_not_the_readers_is_none(name: str | None, node: Node) -> None:
    assert header(name) == "attachment"
    assert node(event(name)) == QUICKJS(event(name))


def test_a_link_can_not_give_a_file_another_extension() -> None:
    for key in (KEY, KEY.replace("jpg", "avif"), KEY.replace(".jpg", "")):
        for name in ("a.exe", "a.html", "a.svg", "a.jpeg", "ajpg"):
            assert unquote(header(name, key)) == "attachment"


def test_the_name_is_in_no_cache_key_and_the_readers_value_does_not_matter() -> None:
    assert DISTRIBUTION.behavior(f"/downloads/{KEY}").parameters == ()
    normalize = Function(function_codes(TEMPLATE, {})["NormalizeRequest"])
    values = ("", "1", "x.exe", "%0D%0A")
    made = [
        normalize(function_event("/images/a.jpg", querystring={"download": {"value": value}}))["querystring"]
        for value in values
    ]
    assert made == [{"download": {"value": "1"}}] * len(values)


def test_a_private_rendition_has_no_download_of_its_own_at_the_edge() -> None:
    normalize = Function(function_codes(TEMPLATE, {})["NormalizeRequest"])
    private = KEY.replace("/0123", "/p123")
    assert normalize(function_event(f"/downloads/{private}"))["uri"] == "/none"
    assert normalize(function_event(f"/downloads/{KEY}"))["uri"] == f"/{KEY}"
