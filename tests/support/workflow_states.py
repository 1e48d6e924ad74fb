"""The states of a definition in `statemachine/`, filled in by JSONata's reference implementation."""

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dev.checks.asl import NODE_HOME, node

_DEFINITIONS = Path(__file__).parents[2] / "statemachine"
# A line in, {"expression": …, "bindings": …}; a line out, {"value": …}, without value if the result is undefined.
_EVALUATOR = """
const jsonata = require("jsonata");
require("readline").createInterface({input: process.stdin}).on("line", async (line) => {
    const {expression, bindings} = JSON.parse(line);
    let answer;
    try {
        const parsed = jsonata(expression);
        parsed.registerFunction("parse", (text) => JSON.parse(text));  // Step Functions' own
        answer = {value: await parsed.evaluate(undefined, bindings)};
    } catch (error) { answer = {error: error.message}; }
    console.log(JSON.stringify(answer));
});
"""


Evaluate = Callable[[str, dict[str, Any]], Any]


@contextlib.contextmanager
def jsonata() -> Iterator[Evaluate]:
    """Evaluates an expression with variables. Raises AssertionError if Step Functions would fail, or has no result."""
    command = [node(), "-e", _EVALUATOR]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=NODE_HOME, stdin=pipe, stdout=pipe, text=True) as process:
        asked, answered = process.stdin, process.stdout
        assert asked is not None
        assert answered is not None

        def evaluate(expression: str, bindings: dict[str, Any]) -> Any:
            asked.write(json.dumps({"expression": expression, "bindings": bindings}) + "\n")
            asked.flush()
            answer = json.loads(answered.readline())
            assert "value" in answer, f"{expression}: {answer.get('error', 'undefined')}"
            return answer["value"]

        yield evaluate


class Execution:
    """One execution, as far as a test runs it: its variables, and the arguments of its states' calls.

    A test makes the calls itself and passes in their results, so it decides on order and repetition.
    """

    def __init__(
        self, evaluate: Evaluate, definition: str, event: dict[str, Any], arn: str, time: str
    ) -> None:
        self.event = event
        self._evaluate = evaluate
        self._states = json.loads((_DEFINITIONS / f"{definition}.asl.json").read_text())["States"]
        self._context: dict[str, Any] = {
            "Execution": {"Id": arn, "Input": event},
            "State": {"EnteredTime": time},
        }
        self._variables: dict[str, Any] = {}
        self._enter()

    def _enter(self) -> None:
        """RemoveImage assigns the parts of the event before anything else, ProcessImage at its first write."""
        if "Read event" in self._states:
            self.assign("Read event")

    def arguments(self, state: str) -> Any:
        """The arguments of the state's task."""
        return self._filled_in(self._states[state]["Arguments"])

    def items(self, state: str, given: dict[str, Any]) -> list[Any]:
        """The input of each iteration of a Map that was entered with the input `given`."""
        body = self._states[state]
        found = []
        for each in self._filled_in(body["Items"], input=given):
            self._context["Map"] = {"Item": {"Value": each}}
            found.append(self._filled_in(body["ItemSelector"]))
        return found

    def assign(self, state: str, result: Any = None) -> None:
        """Applies the state's Assign, if it has one, with this result of its task."""
        self._variables |= self._filled_in(self._states[state].get("Assign", {}), result=result)

    def _filled_in(self, value: Any, **states: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled_in(part, **states) for name, part in value.items()}
        if isinstance(value, list):
            return [self._filled_in(part, **states) for part in value]
        if isinstance(value, str) and value.startswith("{%"):
            known = {"input": self.event, "context": self._context, **states}
            expression = value.removeprefix("{%").removesuffix("%}")
            return self._evaluate(expression, {**self._variables, "states": known})
        return value
