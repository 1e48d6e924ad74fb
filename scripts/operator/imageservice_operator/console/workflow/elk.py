"""ELK, the Eclipse Layout Kernel, run by QuickJS: lays out nested graphs in layers.

`vendor/elkjs-0.12.1` is npm's elkjs, unchanged, under its own license (EPL-2.0; source:
github.com/kieler/elkjs). It runs here and not in the page, so that a page is complete without JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import quickjs

_ELKJS = Path(__file__).with_name("vendor") / "elkjs-0.12.1" / "elk-worker.min.js"
SECONDS = 20.0
"""The most CPU time that one layout takes; ProcessImage's takes 0.3."""

# elkjs expects a web worker around it: it takes a message, and posts its answer before it returns.
_WORKER = """
var self = globalThis, answer;
function postMessage(message) { answer = message; }
"""
_LAYOUT = """
self.onmessage({ data: { id: 0, cmd: "register", algorithms: ["layered"] } });
function layout(graph) {
  self.onmessage({ data: { id: 1, cmd: "layout", graph, layoutOptions: {}, options: {} } });
  return answer.error ? { error: String(answer.error.message) } : answer.data;
}
"""


def layout(graph: Mapping[str, Any]) -> dict[str, Any]:
    """The graph with x, y, width and height at each node and `sections` at each edge, in pixels.

    Graph and answer are ELK's JSON: eclipse.dev/elk/documentation/tooldevelopers/graphdatastructure/jsonformat.html
    Raises ValueError for a graph that ELK can't lay out.
    """
    engine = _engine()
    try:
        answer: dict[str, Any] = engine(graph)
    except quickjs.JSException as error:
        raise ValueError(f"the graph can't be laid out: {error}") from error
    if "error" in answer:
        raise ValueError(f"the graph can't be laid out: {answer['error']}")
    return answer


@cache
def _engine() -> quickjs.Function:
    """Made at the first drawing: 0.14 s and 22 MB. It runs on a thread of its own, one layout at a time."""
    engine = quickjs.Function("layout", f"{_WORKER}\n{_ELKJS.read_text()}\n{_LAYOUT}")
    engine.set_time_limit(SECONDS)
    return engine
