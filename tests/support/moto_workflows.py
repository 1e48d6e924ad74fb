"""Workflows in moto, of which an execution runs until it is stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

NAMES = ("ProcessImage", "RemoveImage")


def create(states: Any, names: Iterable[str] = NAMES) -> dict[str, str]:
    """Creates the state machines; returns their ARNs as the stack's outputs. `states` is a client of Step Functions."""
    return {
        f"{name}Arn": states.create_state_machine(
            name=name,
            definition='{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}',
            roleArn="arn:aws:iam::123456789012:role/x",
        )["stateMachineArn"]
        for name in names
    }


def count(states: Any, calls: Counter[str]) -> None:
    """From now on, `calls` counts how often the client calls each operation."""
    states.meta.events.register(
        "before-call.stepfunctions", lambda model, **_: calls.update([str(model.name)])
    )


def upload(image_id: str) -> dict[str, Any]:
    """The input of an execution of ProcessImage."""
    return {
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": "originals"},
            "object": {"key": image_id, "etag": "e", "size": 1, "sequencer": "0A"},
        },
    }
