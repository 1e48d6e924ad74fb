"""Python functions run in this stack's worker pool.

MiniStack runs them in worker scripts of its own that lose a Python exception's class (`Runtime.HandlerError`), wait
50 ms for log lines at each invocation, pass this machine's environment on, and start a process for each concurrent
invocation without limit (262 of them, 16 GB, for 50 uploads). It takes five messages at a time from a queue whose event
source mapping sets no limit, where Lambda takes up to 1,250. A limit from a template's parameter is a text, which it
compares with a number. It records durations, with the wait for a worker, and errors only of calls through Lambda's API.

Upstream: MiniStack, `services/lambda_svc.py`, `_execute_function_warm`. Its warm workers (`core/lambda_runtime.py`)
would report `errorType` as the exception's class, take the log lines that precede an answer instead of waiting, start
with only Lambda's environment, and queue invocations beyond a limit of workers. `_sqs_esm_concurrency` would be the
number of processors where the mapping has none. `_execute_function` would record durations and errors.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.services import lambda_svc

from local import metrics
from local.lambda_runtime.executor import Executor, as_ministack_result
from local.lambda_runtime.worker import Outcome
from local.patches.patch import wrap

PROCESSORS = max(2, os.cpu_count() or 2)
"""More calls at a time would share them: five sizes of a photo took a tenth more processor time than two by two."""
Execute = Callable[[dict[str, Any], Any, str], dict[str, Any]]


def apply(executor: Executor) -> None:
    """Replace the executor of `python*` runtimes; queues without a limit of their own keep all processors busy."""
    wrap(lambda_svc, "_sqs_esm_concurrency", partial(taken_at_once, min(executor.pool.limit, PROCESSORS)))
    wrap(lambda_svc, "_execute_function_warm", partial(execute, executor))
    wrap(lambda_svc, "_emit_lambda_metrics", emit_counts)


def execute(
    executor: Executor, original: Execute, func: dict[str, Any], event: Any, request_id: str
) -> dict[str, Any]:
    """Run the function in the pool; leave other runtimes and functions without a package to MiniStack."""
    config = func.get("config") or func
    package = func.get("code_zip")
    if not str(config.get("Runtime", "")).startswith("python") or not package:
        return dict(original(func, event, request_id))
    trace = lambda_svc._xray_trace_id_for_invocation(config)

    def invoked() -> Outcome:
        outcome = executor.invoke(config, package, event, request_id, trace)
        own = {"FunctionName": config["FunctionName"]}
        metrics.record("AWS/Lambda", "Duration", outcome.duration_ms, own)
        metrics.record("AWS/Lambda", "Errors", int(outcome.is_error), own)
        return outcome

    return as_ministack_result(invoked, throttled)


def emit_counts(original: Callable[..., None], function_name: str, **counted: float) -> None:
    """Record that there was an invocation; its duration, and whether it failed, are recorded where it runs."""
    original(function_name, **{**counted, "duration_ms": 0.0, "error": False})


def taken_at_once(
    processors: int,
    original: Callable[..., int],
    esm: dict[str, Any],
    func_rec: Any,
    config: Any,
    queue: Any = None,
) -> int:
    """How many messages of a queue are with the function at the same time."""
    limit = (esm.get("ScalingConfig") or {}).get("MaximumConcurrency") or processors
    return original({**esm, "ScalingConfig": {"MaximumConcurrency": int(limit)}}, func_rec, config, queue)


def throttled(message: str) -> dict[str, Any]:
    """MiniStack's answer to an invocation over a function's reserved concurrency."""
    return dict(lambda_svc._throttle_response("ConcurrentInvocationLimitExceeded", message))
