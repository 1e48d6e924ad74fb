"""State machine definitions: parsed once per text, and checked for names of states that do not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

# The parser takes a percentage for a float, which in JSON it needn't be.
_FLOATS = re.compile(r'("ToleratedFailurePercentage"\s*:\s*\d+)(?![\d.])')


class InvalidDefinition(Exception):
    """A definition that Step Functions would refuse; the message says why."""


@lru_cache(maxsize=200)
def program(definition: str) -> Program:
    """The parsed program of a definition. It holds no state of any execution, so executions share it.

    Parsing takes tenths of a second; without the cache 50 uploads would wait for 50 of them.
    Raises InvalidDefinition.
    """
    try:
        parsed, _ = AmazonStateLanguageParser.parse(_FLOATS.sub(r"\1.0", _with_writers_as_parsed(definition)))
    except Exception as error:
        raise InvalidDefinition(str(error)) from error
    assert isinstance(parsed, Program)
    return parsed


def _with_writers_as_parsed(definition: str) -> str:
    """The parser knows only a ResultWriter's JSONPath form, without WriterConfig (patches/map_result_writer)."""
    if '"ResultWriter"' not in definition:
        return definition

    def rewritten(value: Any) -> Any:
        if isinstance(value, list):
            return [rewritten(part) for part in value]
        if not isinstance(value, dict):
            return value
        parts = {name: rewritten(part) for name, part in value.items()}
        if isinstance(writer := parts.get("ResultWriter"), dict):
            arguments = writer.get("Arguments", writer.get("Parameters", {}))
            parts["ResultWriter"] = {"Resource": writer.get("Resource"), "Parameters": arguments}
        return parts

    return json.dumps(rewritten(json.loads(definition)))


def check(definition: str) -> None:
    """Raise InvalidDefinition unless the definition parses and every name in it leads to a state."""
    try:
        document = json.loads(definition)
    except ValueError as error:
        raise InvalidDefinition(f"INVALID_JSON_DESCRIPTION: {error}") from error
    program(definition)
    problems = list(_dangling(document, ""))
    if problems:
        raise InvalidDefinition("SCHEMA_VALIDATION_FAILED: " + "; ".join(problems))


def _dangling(machine: dict[str, Any], path: str) -> Iterator[str]:
    states = machine.get("States", {})
    if machine.get("StartAt") not in states:
        yield f"MISSING_TRANSITION_TARGET: no state {machine.get('StartAt')!r} at {path}/StartAt"
    for name, state in states.items():
        here = f"{path}/States/{name}"
        targets = [state.get("Next"), state.get("Default")]
        targets += [rule.get("Next") for key in ("Choices", "Catch") for rule in state.get(key, [])]
        for target in targets:
            if target is not None and target not in states:
                yield f"MISSING_TRANSITION_TARGET: no state {target!r} at {here}"
        for inner in [
            *state.get("Branches", []),
            *filter(None, (state.get("ItemProcessor"), state.get("Iterator"))),
        ]:
            yield from _dangling(inner, here)
