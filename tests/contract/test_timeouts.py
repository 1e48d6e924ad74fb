"""The timeouts add up: a function ends before its task does, and the tasks before their machine does."""

import math
import re
from typing import Any

import pytest

from dev.checks import ROOT
from dev.checks.machines import PLACEHOLDER, Machine, State, all_states, inner_scopes, machines, ways_on
from dev.checks.template import functions
from imageservice.adapters.plan_loader import load_plan
from imageservice.core.reprocessing import LONGEST_RUN

MACHINES = {machine.name: machine for machine in machines()}
README = ROOT / "statemachine/README.md"
# A function's cold start, and Step Functions' round trip to it.
ALLOWANCE = 5


def resource_named(state: State, argument: str) -> str | None:
    """The logical id of the function or state machine that a task calls by this argument."""
    machine = MACHINES[state.path.split(" / ")[0]]
    name = state.body.get("Arguments", {}).get(argument, "")
    if not (found := PLACEHOLDER.fullmatch(name)):
        return None
    given = machine.substitutions[found[1]]
    given = given["Fn::If"][1] if "Fn::If" in given else given
    return str(given["Ref"]).removesuffix(".Version") if "Ref" in given else str(given["Fn::GetAtt"][0])


INVOCATIONS = [(state, called) for state in all_states() if (called := resource_named(state, "FunctionName"))]
AWAITED = [
    (state, started)
    for state in all_states()
    if ".sync" in state.body.get("Resource", "") and (started := resource_named(state, "StateMachineArn"))
]
# The time of a distributed Map depends on the size of the bucket.
BOUNDED = [machine for machine in MACHINES.values() if '"DISTRIBUTED"' not in machine.text]


@pytest.mark.parametrize(("state", "called"), INVOCATIONS, ids=lambda value: getattr(value, "path", value))
def test_task_waits_longer_than_its_function_may_run(state: State, called: str) -> None:
    # So that the history shows the function's own timeout, which says what hung.
    assert state.body["TimeoutSeconds"] >= functions()[called]["Timeout"] + ALLOWANCE


@pytest.mark.parametrize(("state", "started"), AWAITED, ids=lambda value: getattr(value, "path", value))
def test_task_waits_longer_than_the_execution_it_started_may_run(state: State, started: str) -> None:
    assert state.body["TimeoutSeconds"] > MACHINES[started].definition["TimeoutSeconds"]


@pytest.mark.parametrize("machine", BOUNDED, ids=lambda machine: machine.name)
def test_machine_outlasts_the_longest_way_through_all_its_retries(machine: Machine) -> None:
    definition = machine.definition
    assert definition["TimeoutSeconds"] >= longest_way(definition, definition["StartAt"], frozenset())


@pytest.mark.parametrize("machine", BOUNDED, ids=lambda machine: machine.name)
def test_the_documented_budget_is_that_of_the_definition(machine: Machine) -> None:
    table = README.read_text().split(f"| {machine.name} | seconds |", 1)[1].split("\n\n", 1)[0]
    *rows, (last, total) = re.findall(r"^\| \**([^|*]+?)\** \| \**(\d+)\** \|$", table, re.MULTILINE)
    definition = machine.definition
    assert rows
    assert {name: int(seconds) for name, seconds in rows} == {
        name: seconds_in(definition["States"][name]) for name, _ in rows
    }
    longest = longest_way(definition, definition["StartAt"], frozenset())
    assert (last, int(total)) == ("in all", longest)
    assert sum(int(seconds) for _, seconds in rows) == longest


def test_an_execution_is_taken_for_dead_only_after_its_own_timeout() -> None:
    assert LONGEST_RUN.total_seconds() == MACHINES["ProcessImage"].definition["TimeoutSeconds"]


def longest_way(scope: dict[str, Any], name: str, passed: frozenset[str]) -> float:
    """The most seconds from `name` to an end of `scope`; each state counts once."""
    body = scope["States"][name]
    onward = {following for following, _ in ways_on(body)} - passed - {name}
    rest = max((longest_way(scope, following, passed | {name}) for following in onward), default=0)
    return seconds_in(body) + rest


def seconds_in(body: dict[str, Any]) -> float:
    """The most seconds that a state takes with all its retries."""
    if body["Type"] == "Wait":
        return float(body.get("Seconds", 0))
    inner = max(
        (longest_way(scope, scope["StartAt"], frozenset()) for scope in inner_scopes(body)), default=0
    )
    if body["Type"] == "Map":
        return inner * math.ceil(len(load_plan().default.sizes) / body.get("MaxConcurrency", 40))
    tries, waits = 1, 0.0
    for retrier in body.get("Retry", []):
        tries += retrier.get("MaxAttempts", 3)
        delays = (
            retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2) ** n
            for n in range(retrier.get("MaxAttempts", 3))
        )
        waits += sum(min(delay, retrier.get("MaxDelaySeconds", math.inf)) for delay in delays)
    return inner + tries * body.get("TimeoutSeconds", 0) + waits
