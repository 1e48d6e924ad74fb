"""The local stack evaluates every expression of the workflows as the reference implementation does.

Step Functions follows JSONata 2.0.6. What the states were evaluated on is recorded in recorded_states.jsonl;
`PYTHONPATH=functions:scripts:scripts/operator .venv/test/bin/python -m dev.checks.record_states` records it again.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.checks.asl import NODE_HOME, node
from dev.checks.machines import machines
from local.background import PYTHON, PYTHON_PATH

RECORDED = Path(__file__).with_name("recorded_states.jsonl")
OURS = """
import json, sys
from local.stepfunctions.jsonata import EvaluationError, evaluate
def outcome(expression, bindings):
    try:
        return [evaluate(expression, bindings)]
    except EvaluationError as error:
        return [] if "undefined" in str(error) else None
print(json.dumps([outcome(*each) for each in json.load(sys.stdin)]))
"""
# The tests that record do not go through these: S3's sequencers have one length in the local stack, and no removal is
# overtaken there. They are evaluated on nothing alone.
NOT_RECORDED = {
    "ProcessImage / Retire rejected renditions (input)",
    "RemoveImage / Comparable? (input)",
    "RemoveImage / Find newest version (input)",
    "RemoveImage / Find newest version (result)",
    "RemoveImage / Is it still served? (input)",
    "RemoveImage / Newest? (input)",
    "RemoveImage / Withdraw renditions (input)",
    "RemoveImage / Withdraw renditions (result)",
}

Bindings = dict[str, Any]
Expressions = dict[tuple[str, str, str], set[str]]


def expressions() -> Expressions:
    """The expressions of each machine, state and phase (dev.checks.recording), as they are deployed."""
    found: Expressions = {}
    rendered = {machine.name: json.loads(machine.rendered) for machine in machines()}
    for machine, definition in rendered.items():
        for name, body in _states(definition):
            after = "result" if body["Type"] in ("Task", "Map", "Parallel", "Pass") else "input"
            for phase, part in _parts(body, after):
                found.setdefault((machine, name, phase), set()).update(_texts(part))
    return {key: texts for key, texts in found.items() if texts}


def _states(scope: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, body in scope["States"].items():
        yield name, body
        for inner in [body["ItemProcessor"]] if "ItemProcessor" in body else body.get("Branches", []):
            yield from _states(inner)


def _parts(body: dict[str, Any], after: str) -> Iterator[tuple[str, Any]]:
    for name, part in body.items():
        if name == "Catch":
            yield "error", part
        elif name in ("Assign", "Output"):
            yield after, part
        elif name not in ("ItemProcessor", "Branches"):
            yield "input", part


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from re.findall(r"^\{%\s*(.*?)\s*%\}$", value, re.DOTALL)
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def recorded() -> dict[tuple[str, str, str], list[Bindings]]:
    found: dict[tuple[str, str, str], list[Bindings]] = {}
    for line in RECORDED.read_text().splitlines():
        machine, state, phase, bindings = json.loads(line)
        found.setdefault((machine, state, phase), []).append(bindings)
    return found


@pytest.fixture(scope="module")
def evaluations() -> list[tuple[tuple[str, str, str], str, Bindings]]:
    """Each expression on what its state was recorded with, and on nothing at all."""
    seen = recorded()
    return [
        (key, text, bindings)
        for key, texts in expressions().items()
        for text in sorted(texts)
        for bindings in [*seen.get(key, ()), {}]
    ]


def outcomes(command: list[str], given: list[tuple[str, Bindings]], **environment: str) -> list[Any]:
    ended = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, check=True, env=environment or None
    )
    return list(json.loads(ended.stdout))


def test_every_state_with_expressions_is_recorded() -> None:
    missing = {
        f"{machine} / {state} ({phase})" for machine, state, phase in expressions().keys() - recorded().keys()
    }
    assert missing <= NOT_RECORDED


def test_every_expression_has_the_value_that_the_reference_gives_it(
    evaluations: list[tuple[tuple[str, str, str], str, Bindings]],
) -> None:
    given = [(text, bindings) for _, text, bindings in evaluations]
    program = Path(__file__).with_name("jsonata_reference.mjs")
    reference = outcomes([node(), str(program), f"{NODE_HOME}/package.json"], given)
    ours = outcomes([str(PYTHON), "-c", OURS], given, PYTHONPATH=PYTHON_PATH)
    different = [
        (" / ".join(key), text, theirs, mine)
        for (key, text, _), theirs, mine in zip(evaluations, reference, ours, strict=True)
        if theirs != mine
    ]
    assert different == []
    assert len(given) > 300
    assert sum(outcome is not None and outcome != [] for outcome in reference) > 200
