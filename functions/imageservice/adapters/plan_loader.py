"""Reads the rendition plan from JSON, and checks it against its schema; core.rendition_plan gives it its meaning."""

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import jsonschema

from imageservice.core.errors import PlanInvalid
from imageservice.core.rendition_plan import RenditionPlan, first_repeated

_CORE = files("imageservice.core")
_LONGEST_REASON = 200


def schema() -> dict[str, Any]:
    """The plan's JSON Schema."""
    loaded: dict[str, Any] = json.loads(_CORE.joinpath("rendition_plan.schema.json").read_text())
    return loaded


def packaged_plan() -> str:
    """The document that applies where a deployment sets none."""
    return _CORE.joinpath("rendition_plan.json").read_text()


@lru_cache(maxsize=8)
def load_plan(text: str = "") -> RenditionPlan:
    """The plans in `text` (JSON), or the packaged ones if it is empty. Raises PlanInvalid with place and reason."""
    return RenditionPlan.from_document(checked_document(text or packaged_plan()))


def checked_document(text: str) -> dict[str, Any]:
    """The document in `text`, valid by the schema. Raises PlanInvalid."""
    try:
        document: dict[str, Any] = json.loads(
            text,
            object_pairs_hook=_without_repeated_names,
            parse_constant=_no_constant,
            parse_float=_number,
        )
    except ValueError as error:
        raise PlanInvalid(f"the rendition plan is not JSON: {error}") from error
    except RecursionError:
        raise PlanInvalid(
            "the rendition plan is not one: its lists or objects are nested too deeply"
        ) from None
    problem = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema()).iter_errors(document)
    )
    if problem is not None:
        raise PlanInvalid(f"the rendition plan at {problem.json_path}: {_reason(problem)}")
    return document


def _reason(problem: jsonschema.ValidationError) -> str:
    """The validator's own sentence, which quotes the value in full, unless that would be too long to read."""
    if problem.validator == "maxItems" and isinstance(problem.instance, list):
        return f"has {len(problem.instance):,} entries; it may have at most {problem.validator_value}"
    if len(problem.message) > _LONGEST_REASON:
        return f"{problem.message[:_LONGEST_REASON]}…"
    return problem.message


def _without_repeated_names(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) != len(members):
        raise ValueError(f"an object has the name {first_repeated([name for name, _ in members])!a} twice")
    return made


def _number(text: str) -> int | float:
    """80.0 and 8e1 are the integer 80, as JSON Schema has it: encoders take no other, and plans are compared."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a value of JSON")
