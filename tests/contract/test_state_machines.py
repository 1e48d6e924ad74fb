"""What holds for every state machine, and neither cfn-lint nor asl-validator checks."""

import json
import re
from pathlib import Path

import pytest

from dev.checks import ROOT
from dev.checks.machines import Machine, State, all_states, machines
from dev.checks.template import functions, state_machines
from dev.checks.variables import undefined_variables

MACHINES = machines()
STATES = all_states()
TASKS = [state for state in STATES if state.body["Type"] == "Task"]

LONGEST_LINE = 160
LONGEST_SENTENCE = 25

each_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
each_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.path)
each_task = pytest.mark.parametrize("state", TASKS, ids=lambda state: state.path)


def never_tried_again(retrier: dict[str, object]) -> bool:
    return retrier.get("MaxAttempts") == 0


@each_machine
def test_definition_is_json_before_substitution(machine: Machine) -> None:
    assert json.loads(machine.text)["QueryLanguage"] == "JSONata"


@each_machine
def test_template_gives_the_substitutions_that_the_definition_names(machine: Machine) -> None:
    assert machine.substitutions.keys() == machine.placeholders


@each_machine
def test_every_variable_is_assigned_on_every_way_to_where_it_is_read(machine: Machine) -> None:
    assert list(undefined_variables(machine.definition, machine.name)) == []


@each_machine
def test_machine_and_every_state_say_what_they_are_for(machine: Machine) -> None:
    silent = [
        state.path
        for state in STATES
        if state.path.startswith(machine.name) and not state.body.get("Comment")
    ]
    assert machine.definition.get("Comment")
    assert silent == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "statemachine").glob("*.json")), ids=lambda path: str(path.name)
)
def test_no_line_of_a_definition_is_too_long_to_read_unless_the_readme_spells_it_out(path: Path) -> None:
    spelled_out = without_spaces((ROOT / "statemachine/README.md").read_text())
    long = [
        f"{number}: {len(line)} characters"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > LONGEST_LINE and without_spaces(longest_text(line)) not in spelled_out
    ]
    assert long == []


def longest_text(line: str) -> str:
    """The longest JSON string of the line; of JSONata, what is between the braces."""
    texts = [text.removeprefix("{%").removesuffix("%}") for text in re.findall(r'"([^"]*)"', line)]
    return max(texts, key=len)


def without_spaces(text: str) -> str:
    return "".join(text.split())


def comments() -> list[tuple[str, str]]:
    """Each comment, and the path of its state or machine."""
    return [(machine.name, machine.definition["Comment"]) for machine in MACHINES] + [
        (state.path, state.body["Comment"]) for state in STATES
    ]


@pytest.mark.parametrize("comment", [pytest.param(text, id=path) for path, text in comments()])
def test_a_comment_is_short_sentences(comment: str) -> None:
    sentences = re.split(r"(?<=[.?!]) ", comment)
    for sentence in sentences:
        assert re.fullmatch(r"[A-Z].*\.", sentence), f"not a sentence: {sentence}"
        assert len(sentence.split()) <= LONGEST_SENTENCE, f"too long: {sentence}"


@each_state
def test_choices_are_questions_and_nothing_else_is(state: State) -> None:
    assert state.name.endswith("?") == (state.body["Type"] == "Choice")


@each_state
def test_only_tasks_are_retried(state: State) -> None:
    # A Retry on a Map or Parallel runs every iteration again, even those that succeeded.
    assert state.body["Type"] == "Task" or "Retry" not in state.body


@each_task
def test_task_has_a_timeout(state: State) -> None:
    # Without one, Step Functions waits for 99,999,999 seconds.
    assert state.body["TimeoutSeconds"] > 0


@each_task
def test_task_is_retried_with_growing_bounded_full_jitter(state: State) -> None:
    retriers = [retrier for retrier in state.body["Retry"] if not never_tried_again(retrier)]
    assert retriers
    for retrier in retriers:
        assert retrier["BackoffRate"] > 1
        assert 1 <= retrier["MaxDelaySeconds"] <= 60
        assert retrier["JitterStrategy"] == "FULL"
        assert 1 <= retrier["MaxAttempts"] <= 10


@each_task
def test_every_error_of_a_task_is_retried_but_those_that_say_no_for_good(state: State) -> None:
    last = state.body["Retry"][-1]
    assert last["ErrorEquals"] == ["States.ALL"]
    assert not never_tried_again(last)


@each_state
def test_states_all_stands_alone_and_last(state: State) -> None:
    for kind in ("Retry", "Catch"):
        for place, rule in enumerate(state.body.get(kind, []), start=1):
            if "States.ALL" in rule["ErrorEquals"]:
                assert rule["ErrorEquals"] == ["States.ALL"]
                assert place == len(state.body[kind])


@each_state
def test_outages_are_left_to_fail_in_place(state: State) -> None:
    # A caught error has left its state, so that a redrive would only enter the Fail state again.
    caught = {name for rule in state.body.get("Catch", []) for name in rule["ErrorEquals"]}
    assert not caught & {"States.ALL", "States.TaskFailed", "States.Timeout"}


@each_task
def test_what_is_caught_is_not_retried_first(state: State) -> None:
    caught = {name for rule in state.body.get("Catch", []) for name in rule["ErrorEquals"]}
    settled = {
        name for rule in state.body["Retry"] if never_tried_again(rule) for name in rule["ErrorEquals"]
    }
    assert caught <= settled


def test_every_machine_and_function_is_traced_by_the_one_parameter() -> None:
    traced = {"Fn::If": ["Trace", True, False]}
    assert {name: each["Tracing"] for name, each in state_machines().items()} == {
        name: {"Enabled": traced} for name in state_machines()
    }
    assert {str(each["Tracing"]) for each in functions().values()} == {
        str({"Fn::If": ["Trace", "Active", "PassThrough"]})
    }
