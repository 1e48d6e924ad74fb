"""A CloudFront Function, run unchanged from the template, in QuickJS (quickjs-ng).

As in CloudFront's runtime cloudfront-js-2.0: an event in, a request or a response out; no network, no file
system, no timers, no `eval` and no `Function`; at most 2 MB of memory. CloudFront stops a function after about
a millisecond on its own hardware; here the limit is half a second, so that a busy machine stops no function
that would finish. QuickJS knows more of the language than CloudFront does: tests/contract/test_edge_function.py
checks the syntax. An `async` handler and modules are refused.
Source: docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any

import quickjs

LOG = logging.getLogger(__name__)

MEMORY_BYTES = 2 << 20
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-functions"""
CPU_SECONDS = 0.5
"""CPU time of the whole process, because that is the clock that QuickJS reads."""

_BEFORE = """
const console = (() => {
  const lines = [];
  const log = (...parts) => { lines.push(parts.map(String).join(' ')); };
  return { log, error: log, __take: () => lines.splice(0).join('\\n') };
})();
delete globalThis.eval;
delete globalThis.Function;
"""
_AFTER = """
;function __call(event) {
  const result = handler(JSON.parse(event));
  if (result instanceof Promise) throw new TypeError('the handler is async');
  return JSON.stringify(result);
}
"""


class FunctionFailed(Exception):
    """The function threw, ran out of time or memory, or returned no object; the message says which."""


class Function:
    """One function, safe to call from many threads: each has its own engine, and a new one after a failure."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._engines = threading.local()

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The object that the handler returns for the event. Raises FunctionFailed."""
        try:
            engine, call = self._engine()
            returned = call(json.dumps(event))
            if logged := engine.eval("console.__take()"):
                LOG.warning("the CloudFront Function logged: %s", logged)
        except quickjs.JSException as error:
            self._engines.__dict__.clear()
            raise FunctionFailed(str(error).strip()) from error
        result = json.loads(returned) if isinstance(returned, str) else None
        if not isinstance(result, dict):
            raise FunctionFailed("the handler returned no object")
        return result

    def _engine(self) -> tuple[Any, Any]:
        """This thread's engine, which no other thread may touch, and the call into it."""
        found = self._engines.__dict__.get("found")
        if found is None:
            engine = quickjs.Context()
            engine.set_memory_limit(MEMORY_BYTES)
            engine.set_time_limit(CPU_SECONDS)
            engine.eval(_BEFORE + self._code + _AFTER)
            found = self._engines.found = engine, engine.get("__call")
        return found
