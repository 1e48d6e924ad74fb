"""Structured JSON logs and EMF metrics, the same in every function.

Service name, namespace and level come from the environment: POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE,
LOG_LEVEL (template.yaml, Globals).
"""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

logger = Logger()
metrics = Metrics()

__all__ = ["MetricUnit", "count_rendition", "logger", "metrics"]


def count_rendition(size: str, format: str, length: int, milliseconds: float) -> None:
    """One rendition's bytes, and how long its encoding took, by size and format."""
    measured = EphemeralMetrics()
    measured.add_dimension("size", size)
    measured.add_dimension("format", format)
    measured.add_metric("RenditionBytes", MetricUnit.Bytes, length)
    measured.add_metric("EncodeMs", MetricUnit.Milliseconds, milliseconds)
    measured.flush_metrics()
