"""The lines that Lambda itself logs about an invocation, for functions whose log format is JSON.

Source: docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.lambda_runtime.worker import Outcome


def is_json(config: Mapping[str, Any]) -> bool:
    """Whether the function with this Lambda configuration logs JSON."""
    return (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON"


def framed(config: Mapping[str, Any], request_id: str, outcome: Outcome) -> str:
    """The function's own lines between Lambda's: one for the start, and the report with durations and memory.

    With the SystemLogLevel WARN, Lambda writes the report of an invocation that failed, and nothing else. Source:
    docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    metrics = {
        "durationMs": round(outcome.duration_ms, 3),
        "billedDurationMs": math.ceil(outcome.duration_ms + outcome.init_ms),
        "memorySizeMB": int(config.get("MemorySize") or 128),
        "maxMemoryUsedMB": outcome.memory_mb,
        **({"initDurationMs": round(outcome.init_ms, 3)} if outcome.init_ms else {}),
    }
    status = "timeout" if outcome.timed_out else "error" if outcome.is_error else "success"
    start = {"requestId": request_id, "version": config.get("Version", "$LATEST")}
    report = {"requestId": request_id, "status": status, "metrics": metrics}
    own = outcome.log.splitlines()
    if (config.get("LoggingConfig") or {}).get("SystemLogLevel") == "WARN":
        return "\n".join(own if status == "success" else (*own, _line("platform.report", report)))
    return "\n".join((_line("platform.start", start), *own, _line("platform.report", report)))


def _line(kind: str, record: Mapping[str, Any]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "type": kind, "record": record})
