"""Python functions run in our worker pool.

MiniStack runs them in worker scripts of its own that lose a Python exception's class
(`Runtime.HandlerError`), wait 50 ms for log lines at each invocation, pass this machine's environment on, and
start a process for each concurrent invocation without limit (262 of them, 16 GB, for 50 uploads).
"""

from __future__ import annotations

from typing import Any

from local.lambda_runtime.executor import Executor, as_ministack_result
from local.patches.patch import Patch


def apply(patch: Patch, executor: Executor) -> None:
    """Replace the executor of `python*` runtimes."""
    from ministack.services import lambda_svc

    def throttled(message: str) -> dict[str, Any]:
        return dict(lambda_svc._throttle_response("ConcurrentInvocationLimitExceeded", message))

    def execute(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config = func.get("config") or func
        package = func.get("code_zip")
        if not str(config.get("Runtime", "")).startswith("python") or not package:
            return dict(ministack(func, event, request_id))
        trace = lambda_svc._xray_trace_id_for_invocation(config)
        return as_ministack_result(
            lambda: executor.invoke(config, package, event, request_id, trace), throttled
        )

    ministack = patch.set(lambda_svc, "_execute_function_warm", execute)
