"""One invocation, from MiniStack's record of a function to the answer MiniStack passes on."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.lambda_runtime import code, environment
from local.lambda_runtime.platform_log import framed, is_json
from local.lambda_runtime.pool import NoWorker, Pool
from local.lambda_runtime.processes import Process, Processes
from local.lambda_runtime.worker import Outcome, Worker

LOG = logging.getLogger(__name__)


class Executor:
    """Runs functions in worker processes, which `processes` starts."""

    def __init__(
        self,
        processes: Processes,
        packages: Path,
        logs: Path,
        max_workers: int,
        endpoint_url: str,
        credentials: Callable[[Mapping[str, Any]], Mapping[str, str]],
    ) -> None:
        """Packages are unpacked in `packages`.

        `credentials` gives the AWS_* variables of a function with this Lambda configuration.
        """
        self.pool = Pool(max_workers)
        self._packages = packages
        self._logs = logs
        self._endpoint_url = endpoint_url
        self._credentials = credentials
        self._packages.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        code.forget_old(self._packages)
        self._processes = processes

    def invoke(
        self,
        config: Mapping[str, Any],
        package: bytes,
        event: Any,
        request_id: str | None,
        trace_id: str | None,
    ) -> Outcome:
        """Run one invocation, and wait for a worker if necessary. Raises NoWorker if none became free in time."""
        lease = self.pool.lease(_key(config), lambda: self._start(config, package))
        assert lease.worker is not None
        outcome = None
        request_id = request_id or str(uuid.uuid4())
        try:
            outcome = lease.worker.invoke(
                event, request_id, config["FunctionArn"], float(config.get("Timeout") or 3), trace_id
            )
            return replace(outcome, log=framed(config, request_id, outcome)) if is_json(config) else outcome
        finally:
            self.pool.release(lease, reusable=outcome is not None and outcome.reusable)

    def close(self) -> None:
        """End every worker process."""
        self.pool.close()

    def _start(self, config: Mapping[str, Any], package: bytes) -> Worker:
        directory = code.unpacked(package, self._packages)

        def started(address: str) -> Process:
            variables = environment.of_function(
                config, directory, address, self._endpoint_url, self._credentials(config)
            )
            return self._processes.start(config["Handler"], directory, variables)

        return Worker(started, self._logs / f"{config['FunctionName']}.log")


def _key(config: Mapping[str, Any]) -> str:
    """Identifies the function with the part of its configuration that a running worker can no longer adopt."""
    fixed = [
        config.get(name)
        for name in ("CodeSha256", "Handler", "Environment", "Role", "MemorySize", "Version", "LoggingConfig")
    ]
    digest = hashlib.sha256(json.dumps(fixed, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return f"{config['FunctionArn']}:{digest}"


def as_ministack_result(
    invoke: Callable[[], Outcome], throttled: Callable[[str], dict[str, Any]]
) -> dict[str, Any]:
    """Run `invoke`, and shape its result or error like the results of MiniStack's own executors."""
    try:
        outcome = invoke()
    except NoWorker as error:
        return throttled(f"Rate exceeded: no worker process fell free for {error}")
    except OSError as error:
        LOG.error("could not start a worker: %s", error)
        payload = {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": str(error)}
        return {"body": payload, "error": True, "log": ""}
    result: dict[str, Any] = {"body": outcome.payload, "log": outcome.log}
    if outcome.is_error:
        result["error"] = True
    return result
