"""A state machine's definition as a graph: states, and the transitions between them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    """A graph of states, the main line first: `main` is the way of an execution in which nothing special happens."""

    start: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    main: tuple[str, ...]


def read(definition: str) -> Machine:
    """The machine that a text in the States Language defines. Raises ValueError if it is not a definition."""
    try:
        return _machine(json.loads(definition))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a state machine's definition: {error}") from error


def _machine(definition: Mapping[str, Any]) -> Machine:
    start, states = definition["StartAt"], definition["States"]
    main = _main(start, states)
    transitions = _transitions(states)
    place = {name: number for number, name in enumerate(_in_order(main, states, transitions))}
    return Machine(
        start=start,
        states={name: _state(name, states[name]) for name in place},
        transitions=tuple(sorted(transitions, key=lambda each: place[each.source])),
        main=main,
    )


def _in_order(main: Sequence[str], states: Mapping[str, Any], transitions: Sequence[Transition]) -> list[str]:
    """The main line, then the others as transitions lead to them: the same for any order in the definition's JSON."""
    order = list(main)
    for name in order:
        order += [each.target for each in transitions if each.source == name and each.target not in order]
    return [*order, *(name for name in states if name not in order)]


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
    """The AWS service of a Task's Resource: "Lambda" for arn:aws:states:::lambda:invoke; "" without a Resource."""
    parts = resource.split(":")
    if len(parts) < 6:
        return ""
    name = parts[2] if parts[2] != "states" else parts[6] if parts[5] == "aws-sdk" else parts[5]
    return _SERVICES.get(name, name)


def _transitions(states: Mapping[str, Any]) -> tuple[Transition, ...]:
    found: dict[tuple[str, str], Transition] = {}
    for name, state in states.items():
        ways: list[tuple[str, Kind]] = [(state["Next"], "next")] if "Next" in state else []
        ways += [(choice["Next"], "choice") for choice in state.get("Choices", [])]
        ways += [(state["Default"], "default")] if "Default" in state else []
        ways += [(catch["Next"], "catch") for catch in state.get("Catch", [])]
        for target, kind in ways:
            found.setdefault((name, target), Transition(name, target, kind))
    return tuple(found.values())


def _main(start: str, states: Mapping[str, Any]) -> tuple[str, ...]:
    path: list[str] = []
    name: str | None = start
    while name is not None and name not in path:
        path.append(name)
        name = states[name].get("Next") or states[name].get("Default")
    return tuple(path)
