"""Every change to the code of MiniStack 1.5.33, its server Hypercorn 0.18.0, moto 5.2.5 and botocore, a reason each.

Each module says in its docstring what is wrong without it and what it would take in the upstream project: MiniStack
(pypi.org/project/ministack), moto (github.com/getmoto/moto) or botocore (github.com/boto/botocore).
`tests/integration/local_stack/test_patches.py` shows that each is needed. When an upgrade makes one needless, its test
fails: delete the module and its name in `NAMES`.

A module's `apply` replaces attributes; a replacement that needs the original gets it as its first argument.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from local.lambda_runtime import code
from local.lambda_runtime.executor import Executor
from local.lambda_runtime.processes import Processes
from local.options import Options
from local.stepfunctions.clients import Clients

NAMES: tuple[str, ...] = (
    "shared_loader",
    "closed_connections",
    "interpreter_imports",
    "lambda_workers",
    "json_platform_logs",
    "s3_event_version",
    "s3_versioned_ranges",
    "s3_conditional_copies",
    "eventbridge_dead_letter",
    "http_api_paths",
    "http_api_stage_variables",
    "imported_table",
    "cloudfront_keys",
    "invalidation_pages",
    "stepfunctions_engine",
    "interpreter_clients",
    "jsonata_values",
    "integration_shapes",
    "redrive_journal",
    "choice_missing_path",
    "task_token_per_attempt",
    "heartbeat_error",
    "sdk_error_names",
    "map_readers",
    "map_result_writer",
    "map_failures",
    "map_workers",
)
"""In the order in which they are applied."""


def apply(options: Options, endpoint_url: str, processes: Processes) -> Executor:
    """Apply all of them to this process. MiniStack must have been configured by environment variables before.

    Gives the executor that runs functions from now on, in processes that `processes` starts; close it to end them.
    """
    # It imports MiniStack, which reads its settings when it is imported.
    from ministack.core.lambda_runtime import execution_credentials

    packages = code.folder(options.functions_python, options.state_dir)
    logs = options.state_dir / "logs"
    executor = Executor(processes, packages, logs, options.max_workers, endpoint_url, execution_credentials)
    made_with: dict[str, Callable[[], Any]] = {
        "lambda_workers": lambda: executor,
        "stepfunctions_engine": _executions,
        "interpreter_clients": lambda: Clients(endpoint_url, options.region, assume_roles=options.auth),
    }
    for name in NAMES:
        module = importlib.import_module(f"{__name__}.{name}")
        module.apply(*([made_with[name]()] if name in made_with else []))
    return executor


def _executions() -> Any:
    """Imports the interpreter, so `interpreter_imports` must have been applied."""
    from local.stepfunctions.executions import Executions

    return Executions()
