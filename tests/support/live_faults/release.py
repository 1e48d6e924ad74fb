"""What is deployed: the service's own template, functions and workflows, whose tasks give up sooner."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

COPIED = ("template.yaml", "functions", "statemachine")
# A call that hangs costs this much of the test's time. Longer than any call takes on a busy machine.
MOST_SECONDS = 15
MOST_PAUSE = 2


def release(root: Path, folder: Path) -> Path:
    """The template of a copy of `root` in `folder`."""
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, folder / name)
    for file in (folder / "statemachine").glob("*.asl.json"):
        definition = json.loads(file.read_text())
        for state in _states(definition):
            _hurry(state)
        file.write_text(json.dumps(definition, ensure_ascii=False, indent=1))
    return folder / "template.yaml"


def _states(part: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for state in part.get("States", {}).values():
        found += [state, *_states(state.get("ItemProcessor", {}))]
    return found


def _hurry(state: dict[str, Any]) -> None:
    waits_for_an_execution = ".sync" in state.get("Resource", "")
    if "TimeoutSeconds" in state and not waits_for_an_execution:
        state["TimeoutSeconds"] = min(state["TimeoutSeconds"], MOST_SECONDS)
    for rule in state.get("Retry", []):
        if "MaxDelaySeconds" in rule:
            rule["IntervalSeconds"] = 1
            rule["MaxDelaySeconds"] = MOST_PAUSE
