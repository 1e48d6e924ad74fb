"""Fills in the expressions of a state, by JSONata's reference implementation."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

from dev.checks.asl import NODE_HOME, node

# A line in: a template, as a state has it, and variables. A line out: the template with its expressions' values.
_EVALUATOR = """
const jsonata = require("jsonata");
const parsed = new Map();
function expression(text) {
    if (!parsed.has(text)) {
        const made = jsonata(text.slice(2, -2));
        made.registerFunction("parse", (text) => JSON.parse(text));  // Step Functions' own
        parsed.set(text, made);
    }
    return parsed.get(text);
}
async function filled(value, bindings) {
    if (Array.isArray(value)) return Promise.all(value.map((each) => filled(each, bindings)));
    if (value && typeof value === "object") {
        const entries = Object.entries(value);
        return Object.fromEntries(await Promise.all(entries.map(async ([k, v]) => [k, await filled(v, bindings)])));
    }
    if (typeof value !== "string" || !value.startsWith("{%")) return value;
    const result = await expression(value).evaluate(undefined, bindings);
    if (result === undefined) throw new Error("undefined: " + value);
    return result;
}
require("readline").createInterface({input: process.stdin}).on("line", async (line) => {
    const {template, bindings} = JSON.parse(line);
    let answer;
    try { answer = {value: await filled(template, bindings)}; } catch (error) { answer = {error: error.message}; }
    console.log(JSON.stringify(answer));
});
"""

Fill = Callable[[Any, dict[str, Any]], Any]


@contextlib.contextmanager
def jsonata() -> Iterator[Fill]:
    """Fills in a template with variables. Raises QueryError where Step Functions would."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [node(), "-e", _EVALUATOR], cwd=NODE_HOME, stdin=pipe, stdout=pipe, text=True
    ) as process:
        asked, answered = process.stdin, process.stdout
        assert asked is not None
        assert answered is not None

        def fill(template: Any, bindings: dict[str, Any]) -> Any:
            asked.write(json.dumps({"template": template, "bindings": bindings}) + "\n")
            asked.flush()
            answer = json.loads(answered.readline())
            if "error" in answer:
                raise QueryError(answer["error"])
            return answer["value"]

        yield fill


class QueryError(Exception):
    """States.QueryEvaluationError: a mistake in a definition."""
