"""The schema of the rendition plan says what its classes and the crop know."""

import json
from dataclasses import MISSING, fields
from itertools import product
from typing import Any, get_args

import pytest

from dev.checks import ROOT
from imageservice.core.image_id import MAX_ID_BYTES
from imageservice.core.rendition_plan import SMART, Fit, Plan, Size, Target, fitted
from imageservice.engine.pixels.geometry import crop_box

CORE = ROOT / "functions" / "imageservice" / "core"


def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CORE / "rendition_plan.schema.json").read_text())
    return loaded


def of_size() -> dict[str, Any]:
    described: dict[str, Any] = schema()["$defs"]["size"]
    return described


def test_the_schema_of_a_size_has_its_fields_and_requires_those_without_a_default() -> None:
    assert set(of_size()["properties"]) == {field.name for field in fields(Size)}
    assert set(of_size()["required"]) == {field.name for field in fields(Size) if field.default is MISSING}


def test_the_schema_of_a_plan_has_its_fields_and_that_of_a_rule_a_prefix_too() -> None:
    plan, rule = schema()["$defs"]["plan"]["properties"], schema()["$defs"]["rule"]["properties"]
    assert set(plan) == {field.name for field in fields(Plan)}
    assert rule == {**plan, "prefix": rule["prefix"]}
    assert rule["prefix"]["maxLength"] == MAX_ID_BYTES


def test_the_schema_lists_every_fit_and_no_other() -> None:
    assert of_size()["properties"]["fit"]["enum"] == list(get_args(Fit))


@pytest.mark.parametrize("fit", get_args(Fit))
def test_every_fit_has_a_size_and_a_crop_within_the_image(fit: Fit) -> None:
    width, height = fitted(Size("any", 100, 100, fit), 400, 300)
    left, top, right, bottom = crop_box(Target("any", width, height, fit, "center"), 400, 300)
    assert 1 <= width <= 100
    assert 1 <= height <= 100
    assert 0 <= left < right <= 400
    assert 0 <= top < bottom <= 300


def test_a_fit_without_a_rule_is_refused() -> None:
    unknown: Any = "stretch"
    with pytest.raises(AssertionError, match="stretch"):
        fitted(Size("any", 100, 100, unknown), 400, 300)
    with pytest.raises(AssertionError, match="stretch"):
        crop_box(Target("any", 100, 100, unknown, "center"), 400, 300)


@pytest.mark.parametrize(("original", "target"), [((400, 100), (50, 50)), ((100, 400), (50, 50))])
def test_every_gravity_of_the_schema_shows_the_side_or_corner_that_it_names(
    original: tuple[int, int], target: tuple[int, int]
) -> None:
    """A gravity that the crop did not know would show the center."""
    wide = original[0] > original[1]
    first, middle, last = (0.0, 100.0), (150.0, 250.0), (300.0, 400.0)
    for gravity in set(of_size()["properties"]["gravity"]["enum"]) - {SMART}:
        left, top, right, bottom = crop_box(Target("any", *target, "cover", gravity), *original)
        begin, end = ("left", "right") if wide else ("top", "bottom")
        shown = first if begin in gravity else last if end in gravity else middle
        assert ((left, right) if wide else (top, bottom)) == shown, gravity


def test_the_schema_lists_every_gravity() -> None:
    rows, columns = ("top", "center", "bottom"), ("left", "center", "right")
    joined = ("-".join(dict.fromkeys((row, column))) for row, column in product(rows, columns))
    gravities = {name.replace("center-", "").replace("-center", "") for name in joined}
    assert set(of_size()["properties"]["gravity"]["enum"]) == gravities | {SMART}
