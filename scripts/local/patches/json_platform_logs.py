"""Functions whose log format is JSON get no text lines from Lambda, and a long run does not fill the memory.

MiniStack frames every invocation's log with START, END and REPORT lines in plain text, reports durations that include
the wait for a worker, keeps a stream for each invocation for good, and ignores the metrics that lines embed.

Upstream: MiniStack, `services/lambda_svc.py`, `_emit_lambda_logs`. It would frame by `LoggingConfig.LogFormat`,
write to one stream for each execution environment, and record embedded metrics wherever a line is stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

from local import metrics
from local.lambda_runtime.platform_log import is_json
from local.patches.patch import wrap

KEPT_LINES = 10_000
"""The newest lines of a function that CloudWatch Logs shows; `logs/NAME.log` in the state directory has all."""


def apply() -> None:
    wrap(lambda_svc, "_emit_lambda_logs", emit)


def emit(
    original: Callable[..., None],
    func: Mapping[str, Any],
    request_id: str,
    log_text: str,
    *rest: Any,
    **more: Any,
) -> None:
    """Write the lines as they are if they are framed already (local.lambda_runtime.platform_log)."""
    config = func.get("config") or func
    name = config.get("FunctionName", "")
    logging = config.get("LoggingConfig") or {}
    group = cloudwatch_logs._log_groups.get(logging.get("LogGroup") or f"/aws/lambda/{name}")
    if not (is_json(config) and group):
        original(func, request_id, log_text, *rest, **more)
        return
    if not log_text:  # an invocation that logs nothing, of a function whose SystemLogLevel is WARN
        return
    metrics.record_embedded(log_text.splitlines())
    now = int(time.time() * 1000)
    stream_name = f"{time.strftime('%Y/%m/%d')}/{name}[{config.get('Version', '$LATEST')}]local"
    stream = group["streams"].setdefault(
        stream_name,
        {
            "events": [],
            "uploadSequenceToken": "1",
            "creationTime": now,
            "firstEventTimestamp": None,
            "lastEventTimestamp": None,
            "lastIngestionTime": None,
        },
    )
    lines = [{"timestamp": now, "message": line, "ingestionTime": now} for line in log_text.splitlines()]
    cloudwatch_logs._append_log_events(stream, lines)
    with cloudwatch_logs._log_events_lock:
        del stream["events"][:-KEPT_LINES]
