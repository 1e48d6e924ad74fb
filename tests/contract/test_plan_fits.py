"""A plan that `images plan check` accepts fits where it is deployed: a parameter, and the functions' environment."""

import json
from typing import Any

import pytest

from dev.checks import ROOT
from imageservice_operator.operations.plan import MAX_BYTES

_PARAMETER, _ENVIRONMENT = 4_096, 4_096
# A bucket's name is the longest of the generated ones. Limits are numbers.
_LONGEST_NAME, _LONGEST_NUMBER = 63, 12


def functions_with_the_plan() -> dict[str, dict[str, Any]]:
    resources = json.loads((ROOT / "tests/snapshots/defaults.json").read_text())["Resources"]
    found = {
        name: resource["Properties"]["Environment"]["Variables"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    return {name: variables for name, variables in found.items() if "RENDITION_PLAN" in variables}


def test_the_functions_with_the_plan_are_known() -> None:
    """Each more has less room for its own variables."""
    assert functions_with_the_plan().keys() == {
        "InspectOriginalFunction",
        "SelectOriginalsFunction",
        "UpdateMetadataFunction",
    }


@pytest.mark.parametrize("name", functions_with_the_plan())
def test_the_longest_plan_fits_beside_the_functions_other_variables(name: str) -> None:
    others = {
        each: value
        if isinstance(value, str)
        else "9" * (_LONGEST_NUMBER if each.startswith("MAX_") else _LONGEST_NAME)
        for each, value in functions_with_the_plan()[name].items()
        if each != "RENDITION_PLAN"
    }
    environment = len(json.dumps({**others, "RENDITION_PLAN": ""}, separators=(",", ":")))
    assert environment + MAX_BYTES <= _ENVIRONMENT
    assert MAX_BYTES <= _PARAMETER
