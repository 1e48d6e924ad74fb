"""CloudWatch's metrics that MiniStack does not record: those embedded in log lines, and those of Step Functions.

Values are kept to three significant digits, and equal ones of a minute as one point with a count, so that a busy stack
stays small. CloudWatch itself keeps what it needs for sums and percentiles of each minute.
Sources: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html,
docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Key = tuple[str, str, tuple[tuple[str, str], ...]]
_lock = threading.Lock()
# The points of the minute that is being written, by metric and value.
_minute: dict[Key, tuple[int, dict[float, dict[str, Any]]]] = {}
_ENDED = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def record_embedded(lines: Iterable[str]) -> None:
    """Records the metrics of those lines that have any."""
    for line in lines:
        if '"_aws"' not in line:
            continue
        try:
            fields = json.loads(line)
            directives = fields["_aws"]["CloudWatchMetrics"]
        except (ValueError, KeyError, TypeError):
            continue
        for directive in directives:
            names = [each["Name"] for each in directive["Metrics"]]
            for dimensions in directive["Dimensions"]:
                own = {name: str(fields.get(name, "")) for name in dimensions}
                for name in names:
                    values = fields.get(name, [])
                    for value in values if isinstance(values, list) else [values]:
                        record(directive["Namespace"], name, value, own)


def record_execution(execution: Mapping[str, Any]) -> None:
    """Records a change of an execution's status: it started, was redriven, or ended."""
    own = {"StateMachineArn": execution["stateMachineArn"]}
    status = execution["status"]
    if status == "RUNNING":
        record(
            "AWS/States",
            "ExecutionsRedriven" if execution.get("redriveCount") else "ExecutionsStarted",
            1,
            own,
        )
        return
    record("AWS/States", _ENDED[status], 1, own)
    began, ended = (datetime.fromisoformat(execution[name]) for name in ("startDate", "stopDate"))
    record("AWS/States", "ExecutionTime", (ended - began).total_seconds() * 1000, own)


def record(namespace: str, name: str, value: float, dimensions: Mapping[str, str]) -> None:
    """Records one value."""
    from ministack.services import cloudwatch  # reads its settings when it is imported

    now, rounded = time.time(), float(f"{value:.3g}")
    key = (namespace, name, tuple(sorted(dimensions.items())))
    with _lock:
        minute, points = _minute.get(key, (0, {}))
        if minute != int(now // 60):
            points = {}
            _minute[key] = (int(now // 60), points)
        if rounded in points:
            points[rounded]["Count"] += 1.0
            return
        point = {
            "Timestamp": now,
            "Value": rounded,
            "Count": 1.0,
            "Unit": "None",
            "Dimensions": dict(dimensions),
        }
        points[rounded] = point
        bucket = (namespace, name, cloudwatch._dims_key(dict(dimensions)))
        cloudwatch._metric_bucket(bucket).append(point)
