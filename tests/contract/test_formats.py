"""Every list of formats outside of imageservice.core.formats agrees with its rows."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from imageservice.core.formats import (
    FALLBACK,
    FALLBACKS,
    FORMATS,
    MODERN,
    RENDITION_FORMATS,
    Format,
    accepted_labels,
    fallback_for,
    format_named,
    format_of_extension,
    format_of_media_type,
)
from local.cloudfront.distribution import function_codes
from local.deployment import source

REPOSITORY = Path(__file__).parents[2]
CORE = REPOSITORY / "functions" / "imageservice" / "core"


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CORE / f"{name}.schema.json").read_text())
    return loaded


def test_a_manifests_formats_are_the_rows() -> None:
    document = schema("manifest")
    assert set(document["properties"]["format"]["enum"]) == set(FORMATS)
    assert set(document["$defs"]["rendition"]["properties"]["format"]["enum"]) == set(RENDITION_FORMATS)


def test_a_plan_takes_the_modern_formats_and_a_quality_for_each_lossy_one() -> None:
    properties = schema("rendition_plan")["$defs"]
    assert properties["formats"]["items"]["enum"] == [*MODERN, FALLBACK]
    assert set(properties["qualities"]["else"]["properties"]) == {
        name for name, row in FORMATS.items() if row.quality is not None
    }


def test_the_api_document_lists_the_same_formats() -> None:
    text = (REPOSITORY / "docs" / "openapi.yaml").read_text()
    enums = [set(found) for found in _enums(yaml.safe_load(text))]
    understood = {name for row in FORMATS.values() for name in (row.name, *row.aliases)}
    readable = {name for name in understood if _row(name).role is not None}
    assert {FALLBACK, *readable} in enums
    assert set(RENDITION_FORMATS) in enums
    assert {f"image/{name}" for name in understood} in enums


def test_the_edges_function_has_the_same_modern_formats_and_fallbacks() -> None:
    template = source.read(REPOSITORY / "template.yaml")
    code = function_codes(template, {})["NormalizeRequest"]
    lists = {
        name: re.findall(r"'([^']*)'", values)
        for name, values in re.findall(r"const (MODERN|FALLBACKS|FORMATS) = \[([^\]]*)\]", code)
    }
    assert lists["FORMATS"] == [*RENDITION_FORMATS, FALLBACK]
    assert lists["MODERN"] == list(MODERN)
    assert lists["FALLBACKS"] == [*(FORMATS[name].media_type for name in FALLBACKS), "image/*", "*/*"]


def test_no_name_extension_or_media_type_stands_for_two_formats() -> None:
    names = [name for row in FORMATS.values() for name in (row.name, *row.aliases)]
    assert len(set(names)) == len(names)
    for column in ("extension", "media_type", "label"):
        assert len({getattr(row, column) for row in FORMATS.values()}) == len(FORMATS)


def test_a_format_is_found_by_alias_media_type_and_extension() -> None:
    jpeg = FORMATS["jpeg"]
    assert format_named("jpg") is format_of_media_type("image/jpg") is format_of_extension("jpg") is jpeg
    assert format_of_media_type("image/heif") is FORMATS["heic"]
    assert format_of_media_type("text/jpeg") is format_named("svg") is format_of_extension("bmp") is None


def test_there_is_a_fallback_for_every_kind_of_image() -> None:
    assert fallback_for(alpha=False, animated=False) == "jpeg"
    assert fallback_for(alpha=True, animated=False) == "png"
    assert fallback_for(alpha=False, animated=True) == fallback_for(alpha=True, animated=True) == "gif"


def test_what_is_accepted_is_listed_in_words() -> None:
    assert accepted_labels() == "JPEG, PNG, GIF, AVIF, WebP, HEIC, TIFF or BMP"


def _row(name: str) -> Format:
    row = format_named(name)
    assert row is not None
    return row


def _enums(node: Any) -> list[list[str]]:
    if isinstance(node, dict):
        own = [node["enum"]] if isinstance(node.get("enum"), list) else []
        return own + [found for value in node.values() for found in _enums(value)]
    if isinstance(node, list):
        return [found for value in node for found in _enums(value)]
    return []
