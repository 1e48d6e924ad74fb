"""The check that every workflow variable is assigned before it is read finds each kind of mistake."""

from typing import Any

import pytest

from dev.checks.variables import free_variables, undefined_variables


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        ("$upload.key & $states.input.id", {"upload"}),
        ("$map($items, function($r) { $r.key })", {"items"}),
        ("( $o := $states.input; $o.key & $other )", {"other"}),
        ("'$quoted' & \"$quoted\" & `$quoted`", set()),
        ("$uuid() & $string($number)", set()),
        ("$items#$i.{'n': $i}", {"items"}),
    ],
)
def test_free_variables_are_those_that_the_expression_does_not_bind(expression: str, taken: set[str]) -> None:
    assert free_variables(expression) == taken


def test_a_variable_is_known_from_the_state_after_its_assignment() -> None:
    definition = machine(
        A={"Assign": {"x": "{% $x %}"}, "Next": "B"},
        B={"Output": "{% $x %}", "End": True},
    )
    assert list(undefined_variables(definition, "M")) == ["M / A: $x is not assigned on every way there"]


def test_a_variable_must_be_assigned_on_every_way() -> None:
    definition = machine(
        A={"Catch": [{"Next": "B"}], "Assign": {"x": 1}, "Next": "B"},
        B={"Output": "{% $x %}", "End": True},
    )
    assert list(undefined_variables(definition, "M")) == ["M / B: $x is not assigned on every way there"]


def test_a_catcher_may_assign_what_the_state_would_have() -> None:
    definition = machine(
        A={"Catch": [{"Next": "B", "Assign": {"x": 0}}], "Assign": {"x": 1}, "Next": "B"},
        B={"Output": "{% $x %}", "End": True},
    )
    assert list(undefined_variables(definition, "M")) == []


def test_a_way_back_does_not_assign_for_the_first_time_round() -> None:
    definition = machine(
        A={"Output": "{% $x %}", "Next": "B"},
        B={"Assign": {"x": 1}, "Next": "A"},
    )
    assert list(undefined_variables(definition, "M")) == ["M / A: $x is not assigned on every way there"]


def test_inner_states_see_outer_variables_but_not_the_other_way_round() -> None:
    inner = machine(I={"Output": "{% $x %}", "Assign": {"y": 1}, "End": True})
    definition = machine(
        A={"Assign": {"x": 1}, "Next": "B"},
        B={"ItemProcessor": inner, "Next": "C"},
        C={"Output": "{% $x + $y %}", "End": True},
    )
    assert list(undefined_variables(definition, "M")) == ["M / C: $y is not assigned on every way there"]
