"""A state machine's definition as a graph: states, and the transitions between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["next", "choice", "default", "catch"]

_SERVICES = {
    "lambda": "Lambda",
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "states": "Step Functions",
    "s3": "S3",
    "sns": "SNS",
    "sqs": "SQS",
    "cloudfront": "CloudFront",
}


@dataclass(frozen=True)
class State:
    """One state. `service` is what a Task calls, "" for other types; `machines` are those inside a Map or Parallel."""

    name: str
    type: str
    comment: str
    service: str
    machines: tuple[Machine, ...]


@dataclass(frozen=True)
class Transition:
    """An arrow; of several between the same two states, the first kind in the order of `Kind`."""

    source: str
    target: str
    kind: Kind


@dataclass(frozen=True)
class Machine:
    """A graph of states. `main` are those that an execution enters when nothing special happens."""

    start: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    main: tuple[str, ...]


def read(definition: str) -> Machine:
    """The machine that a definition in the States Language says. Raises ValueError where it says none."""
    try:
        return _machine(json.loads(definition))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a state machine's definition: {error}") from error


def _machine(definition: Mapping[str, Any]) -> Machine:
    states = definition["States"]
    return Machine(
        start=definition["StartAt"],
        states={name: _state(name, state) for name, state in states.items()},
        transitions=_transitions(states),
        main=_main(definition["StartAt"], states),
    )


def _state(name: str, state: Mapping[str, Any]) -> State:
    inner = [state.get("ItemProcessor") or state.get("Iterator"), *state.get("Branches", [])]
    return State(
        name=name,
        type=state["Type"],
        comment=state.get("Comment", ""),
        service=service(state.get("Resource", "")),
        machines=tuple(_machine(each) for each in inner if each),
    )


def service(resource: str) -> str:
    """What a Task's Resource calls, in a word: arn:aws:states:::lambda:invoke is "Lambda"; "" for no resource."""
    parts = resource.split(":")
    if len(parts) < 6:
        return ""
    name = parts[2] if parts[2] != "states" else parts[6] if parts[5] == "aws-sdk" else parts[5]
    return _SERVICES.get(name, name)


def _transitions(states: Mapping[str, Any]) -> tuple[Transition, ...]:
    found: dict[tuple[str, str], Transition] = {}
    for name, state in states.items():
        wanted: list[tuple[str, Kind]] = [(state["Next"], "next")] if "Next" in state else []
        wanted += [(choice["Next"], "choice") for choice in state.get("Choices", [])]
        wanted += [(state["Default"], "default")] if "Default" in state else []
        wanted += [(catch["Next"], "catch") for catch in state.get("Catch", [])]
        for target, kind in wanted:
            found.setdefault((name, target), Transition(name, target, kind))
    return tuple(found.values())


def _main(start: str, states: Mapping[str, Any]) -> tuple[str, ...]:
    path: list[str] = []
    name: str | None = start
    while name is not None and name not in path:
        path.append(name)
        name = states[name].get("Next") or states[name].get("Default")
    return tuple(path)
