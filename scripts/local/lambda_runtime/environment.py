"""The environment of a worker process: the variables that Lambda sets and those of the function's configuration,
and nothing of this machine's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


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
        "PATH": os.defpath,
        "HOME": "/tmp",
        "LANG": "en_US.UTF-8" if os.uname().sysname == "Darwin" else "C.UTF-8",
        "TZ": ":UTC",
        **variables,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime', 'python3.13')}",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
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
