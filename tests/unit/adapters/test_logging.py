"""Everything that a function prints is a line of JSON, also what libraries have to say."""

import json
import subprocess
import sys

from local.options import REPOSITORY

CALL = """
import warnings
from types import SimpleNamespace

from imageservice.adapters.logging import logged, logger, metrics


@logged
@metrics.log_metrics
def handler(event, context):
    warnings.warn(event["warning"], stacklevel=1)
    logger.info("handled")


context = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="request-1"
)
handler({"warning": "two\\nlines"}, context)
"""


def test_a_warning_is_a_line_with_its_request_and_a_call_may_count_nothing() -> None:
    environment = {
        "PYTHONPATH": str(REPOSITORY / "functions"),
        "POWERTOOLS_METRICS_NAMESPACE": "shop",
        "POWERTOOLS_SERVICE_NAME": "shop",
    }
    ran = subprocess.run(
        [sys.executable, "-c", CALL], env=environment, capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in (ran.stdout + ran.stderr).splitlines()]
    assert [(line["level"], line["function_request_id"]) for line in lines] == [
        ("WARNING", "request-1"),
        ("INFO", "request-1"),
    ]
    assert "two\nlines" in lines[0]["message"]
