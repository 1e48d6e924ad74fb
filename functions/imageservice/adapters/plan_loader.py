"""Reads the rendition plan from JSON, and checks it against its schema; core.rendition_plan gives it its meaning."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema

from imageservice.core.errors import PlanInvalid
from imageservice.core.rendition_plan import Plan

_CORE = files("imageservice.core")


def schema() -> dict[str, Any]:
    """The plan's JSON Schema."""
    loaded: dict[str, Any] = json.loads(_CORE.joinpath("rendition_plan.schema.json").read_text())
    return loaded


@cache
def load_plan(text: str = "") -> Plan:
    """The plan in `text` (JSON), or the packaged one if it is empty. Raises PlanInvalid with place and reason."""
    try:
        document = json.loads(text or _CORE.joinpath("rendition_plan.json").read_text())
    except json.JSONDecodeError as error:
        raise PlanInvalid(f"the rendition plan is not JSON: {error}") from error
    problem = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema()).iter_errors(document)
    )
    if problem is not None:
        raise PlanInvalid(f"the rendition plan at {problem.json_path}: {problem.message}")
    return Plan.from_document(document)
