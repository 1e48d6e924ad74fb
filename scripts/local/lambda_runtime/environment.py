"""The environment of a worker process: the variables that Lambda sets and those of the function's configuration,
and nothing of this machine's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# What the C library, the interpreter and the functions' packages read before a function's own code runs.
_READ_AT_START = (
    *(
        "PATH",
        "HOME",
        "LANG",
        "LC_",
        "TZ",
        "LD_",
        "MALLOC_",
        "GLIBC_",
        "PYTHON",
        "OPENBLAS_",
        "OMP_",
        "NPY_",
        "NUMPY_",
    ),
    *("PILLOW_", "POWERTOOLS_DE", "AWS_EXECUTION_ENV", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_DATA_PATH"),
)


def read_at_start(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of a worker's variables that must be set when its process, or the one that it is forked from, starts."""
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(_READ_AT_START) and name != "PYTHONPATH"  # names the function's code, found later
    }


def of_template(template: Mapping[str, Any]) -> list[dict[str, str]]:
    """What `read_at_start` will give for each Python function of a SAM template, as far as it is written there."""
    shared = (template.get("Globals") or {}).get("Function") or {}
    found = []
    for resource in template["Resources"].values():
        if resource["Type"] in ("AWS::Serverless::Function", "AWS::Lambda::Function"):
            properties = resource.get("Properties") or {}
            runtime = properties.get("Runtime") or shared.get("Runtime")
            if str(runtime).startswith("python"):
                variables = {
                    name: value
                    for each in (shared, properties)
                    for name, value in ((each.get("Environment") or {}).get("Variables") or {}).items()
                    if isinstance(value, str)
                }
                found.append(read_at_start(_of_runtime(runtime, variables)))
    return found


def _of_runtime(runtime: str | None, variables: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": "/tmp",
        "LANG": "en_US.UTF-8" if os.uname().sysname == "Darwin" else "C.UTF-8",
        "TZ": ":UTC",
        **variables,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime or 'python3.13'}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    }


def of_function(
    config: Mapping[str, Any],
    code: Path,
    runtime_api: str,
    endpoint_url: str,
    credentials: Mapping[str, str],
) -> dict[str, str]:
    """Every variable of the process that runs the function with this Lambda `config`.

    `runtime_api` is host:port. The names are those of
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html.
    """
    name = config["FunctionName"]
    region = config["FunctionArn"].split(":")[3]
    logging = config.get("LoggingConfig") or {}
    variables = dict((config.get("Environment") or {}).get("Variables") or {})
    return {
        **_of_runtime(config.get("Runtime"), variables),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup") or f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": str(code),
        "LAMBDA_RUNTIME_DIR": str(code),
        "PYTHONPATH": str(code),
        "_HANDLER": config["Handler"],
        **({"AWS_LAMBDA_LOG_FORMAT": "JSON"} if logging.get("LogFormat") == "JSON" else {}),
        **({"AWS_LAMBDA_LOG_LEVEL": level} if (level := logging.get("ApplicationLogLevel")) else {}),
        **credentials,
    }
