"""Records what states of the workflows are evaluated on, in a local stack (see record_states)."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "RECORD_STATES"
"""The environment variable with the folder to record into."""
_MOST = 40  # for each state and phase of one process


def phase(bindings: Mapping[str, Any]) -> str:
    """Which expressions of a state see these bindings: those of its `input`, its `result`, or an `error`."""
    states = bindings.get("states", {})
    return "error" if "errorOutput" in states else "result" if "result" in states else "input"


def start() -> None:
    """Record every evaluation of this process from here on."""
    from local.stepfunctions import jsonata

    evaluate = jsonata.evaluate
    path = Path(os.environ[FOLDER]) / f"{os.getpid()}.jsonl"
    written: Counter[tuple[str, str, str]] = Counter()

    def recorded(expression: str, bindings: Mapping[str, Any]) -> Any:
        context = bindings.get("states", {}).get("context", {})
        key = (
            context.get("StateMachine", {}).get("Name", ""),
            context.get("State", {}).get("Name", ""),
            phase(bindings),
        )
        if written[key] < _MOST:
            written[key] += 1
            with path.open("a") as file:
                file.write(json.dumps([*key, bindings], default=str) + "\n")
        return evaluate(expression, bindings)

    jsonata.evaluate = recorded
