"""Every change to the code of MiniStack 1.5.33 and moto 5.2.5, one reason a module.

Each module says in its docstring what is wrong without it, and has tests in
`tests/integration/local_stack/test_patches.py` that show both: wrong without, right with. When an upgrade
makes a patch needless, its "wrong without" test fails: delete the module.

A module's `apply` changes attributes through `Patch`, so that it can be taken back in tests.
"""

from __future__ import annotations

from local.lambda_runtime.executor import Executor
from local.options import Options
from local.patches.patch import Patch
from local.stepfunctions.clients import Clients


def apply(options: Options, endpoint_url: str) -> Executor:
    """Apply all of them to this process. MiniStack must have been configured by environment variables before.

    Gives the executor that runs functions from now on; close it to end their processes.
    """
    from ministack.core.lambda_runtime import execution_credentials

    from local.patches import (
        choice_missing_path,
        eventbridge_dead_letter,
        heartbeat_error,
        http_api_paths,
        integration_shapes,
        interpreter_clients,
        jsonata_values,
        lambda_workers,
        map_readers,
        map_result_writer,
        map_runs,
        map_workers,
        redrive_journal,
        s3_event_version,
        s3_versioned_ranges,
        sdk_error_names,
        stepfunctions_engine,
    )

    executor = Executor(
        options.functions_python, options.state_dir, options.max_workers, endpoint_url, execution_credentials
    )
    patch = Patch()
    lambda_workers.apply(patch, executor)
    s3_event_version.apply(patch)
    s3_versioned_ranges.apply(patch)
    eventbridge_dead_letter.apply(patch)
    http_api_paths.apply(patch)
    stepfunctions_engine.apply(patch)
    interpreter_clients.apply(patch, Clients(endpoint_url, options.region, assume_roles=options.auth))
    for module in (
        jsonata_values,
        integration_shapes,
        redrive_journal,
        choice_missing_path,
        heartbeat_error,
        sdk_error_names,
        map_readers,
        map_result_writer,
        map_runs,
        map_workers,
    ):
        module.apply(patch)
    return executor
