"""One line of JSON per request: the log entry and CloudWatch's metrics together (embedded metric format).

A whole answer takes tens of microseconds. Powertools' Logger and Metrics took 35 of them, and wrote two lines, each of
which costs money; this takes 2. Functions that are not in such a hurry log with imageservice.adapters.logging. Format:
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import orjson

_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "image-service")
_NAMESPACE = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "ImageService")


def log_request(message: str, metrics: Mapping[str, float], properties: Mapping[str, Any]) -> None:
    """Writes the line. `metrics` are by name: those ending in `Ms` are milliseconds, all others counts.

    With a property called `error`, the line's level is ERROR.
    """
    definitions = [
        {"Name": name, "Unit": "Milliseconds" if name.endswith("Ms") else "Count"} for name in metrics
    ]
    line = {
        "level": "ERROR" if "error" in properties else "INFO",
        "message": message,
        "service": _SERVICE,
        **properties,
        **metrics,
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {"Namespace": _NAMESPACE, "Dimensions": [["service"]], "Metrics": definitions}
            ],
        },
    }
    sys.stdout.write(_encoded(line))
    sys.stdout.flush()


def _encoded(line: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE).decode()
    except (
        TypeError
    ):  # a text that is no UTF-8, such as a path with a lone surrogate: the refusal is logged, too
        import json

        return json.dumps(line) + "\n"
