"""Each limit on originals is a setting, and a parameter of the template that reaches both functions that decode."""

from dataclasses import fields

import pytest

from dev.checks.template import functions, template
from imageservice.adapters.settings import FIXED_LIMITS, Settings
from imageservice.core.limits import Limits

SETTABLE = {field.name: field.default for field in fields(Limits) if field.name not in FIXED_LIMITS}


def variables(function: str) -> dict[str, object]:
    """The function's variables that begin like a limit, by the setting's name."""
    environment = functions()[function]["Environment"]["Variables"]
    return {name.lower(): value for name, value in environment.items() if name.startswith(("MAX_", "LEAST_"))}


def parameter(limit: str) -> str:
    return limit.title().replace("_", "")


def test_the_fixed_limits_are_limits_and_not_settings() -> None:
    assert set(FIXED_LIMITS) <= {field.name for field in fields(Limits)}
    assert not set(FIXED_LIMITS) & {field.name for field in fields(Settings)}


@pytest.mark.parametrize("limit", SETTABLE)
def test_a_setting_is_the_limit_of_its_name(limit: str) -> None:
    assert getattr(Settings.from_environment({limit.upper(): "3"}).limits, limit) == 3


@pytest.mark.parametrize("function", ["InspectOriginalFunction", "ResizeFunction"])
def test_both_functions_that_decode_get_every_limit_from_its_parameter(function: str) -> None:
    assert variables(function) == {limit: {"Ref": parameter(limit)} for limit in SETTABLE}


@pytest.mark.parametrize("limit", SETTABLE)
def test_a_parameters_default_is_the_limits(limit: str) -> None:
    assert template()["Parameters"][parameter(limit)]["Default"] == SETTABLE[limit]
