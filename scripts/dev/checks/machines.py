"""The state machines as they are deployed, their substitutions filled in, and walks over their states."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.checks import ROOT
from dev.checks.template import sample, state_machines

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Machine:
    """One state machine: its logical id, the text of its file, and the values the template fills in."""

    name: str
    path: Path
    text: str
    substitutions: dict[str, Any]

    @property
    def placeholders(self) -> set[str]:
        return set(PLACEHOLDER.findall(self.text))

    @property
    def rendered(self) -> str:
        """The text as CloudFormation passes it to Step Functions, with sample values."""
        return PLACEHOLDER.sub(
            lambda found: json.dumps(sample(self.substitutions[found[1]]))[1:-1], self.text
        )

    @property
    def definition(self) -> dict[str, Any]:
        """The file's JSON, with its placeholders."""
        definition: dict[str, Any] = json.loads(self.text)
        return definition


@dataclass(frozen=True)
class State:
    """A state and where it is: `path` names the machine, the states around it, and itself."""

    path: str
    name: str
    body: dict[str, Any]
    scope: dict[str, Any]


def machines() -> list[Machine]:
    """Every state machine of the template, in its order."""
    return [
        Machine(
            name,
            path := ROOT / properties["DefinitionUri"],
            path.read_text(),
            properties.get("DefinitionSubstitutions", {}),
        )
        for name, properties in state_machines().items()
    ]


def states(scope: dict[str, Any], path: str) -> Iterator[State]:
    """Every state of `scope` (a machine, a Map's processor, a Parallel's branch) and of the scopes in it."""
    for name, body in scope["States"].items():
        here = f"{path} / {name}"
        yield State(here, name, body, scope)
        for inner in inner_scopes(body):
            yield from states(inner, here)


def all_states() -> list[State]:
    return [state for machine in machines() for state in states(machine.definition, machine.name)]


def inner_scopes(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What a Map or Parallel state runs."""
    return [body["ItemProcessor"]] if "ItemProcessor" in body else body.get("Branches", [])


def ways_on(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each state that may come next, with the part of `body` that leads there and may carry an Assign of its own."""
    if "Next" in body:
        yield body["Next"], body
    if "Default" in body:
        yield body["Default"], body
    for part in body.get("Choices", []) + body.get("Catch", []):
        yield part["Next"], part
