"""Structured JSON logs and EMF metrics, the same in every function.

Service name, namespace and level come from the environment: POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE,
LOG_LEVEL (template.yaml, Globals).
"""

import functools
import logging
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.sent_requests import taken_requests
from imageservice.core.errors import ImageRejected

logger = Logger()
metrics = Metrics()

# Otherwise each cold start logs where boto3 found its credentials.
logging.getLogger("botocore").setLevel(logging.WARNING)

# A call may have nothing to count; the library warns about it.
warnings.filterwarnings("ignore", message="No application metrics to publish")
# All other warnings are lines of JSON as well, with the request that caused them.
logging.captureWarnings(True)
_warnings = logging.getLogger("py.warnings")
_warnings.addHandler(logger.registered_handler)
_warnings.propagate = False

__all__ = ["MetricUnit", "log_failure", "log_rejection", "logged", "logger", "metrics"]

Result = TypeVar("Result")


def logged(handler: Callable[[Any, LambdaContext], Result]) -> Callable[[Any, LambdaContext], Result]:
    """A handler whose lines carry its request, and whose errors are logged with the keys that it has appended.

    An error is one line with its stack trace, at level ERROR.
    """

    @logger.inject_lambda_context(clear_state=True)
    @functools.wraps(handler)
    def run(event: Any, context: LambdaContext) -> Result:
        try:
            return handler(event, context)
        except Exception as error:  # logged, and raised again
            log_failure(error)
            raise

    return run


def log_failure(error: Exception) -> None:
    """Logs an error with its stack trace, at level ERROR."""
    logger.error("failed", exc_info=error, extra={"error": type(error).__name__})


def log_rejection(error: ImageRejected) -> None:
    """Logs that an image is rejected, at level INFO: it is its uploader's concern.

    The function then returns the reason instead of raising it. An error would count in Lambda's metric Errors, which
    alarms watch, and Lambda's runtime would log it as an ERROR line of its own.
    """
    logger.info("rejected", extra={"reason": error.reason, "requests": taken_requests()})
