"""Finds images stuck in PROCESSING, and failures whose event was missed; on a schedule, and when an operator asks."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.aws_clients import client
from imageservice.adapters.logging import MetricUnit, logger, metrics
from imageservice.adapters.settings import settings
from imageservice.failures.reconciler import Reconciler
from imageservice.failures.recorder import Incidents

# Eight runs of the schedule look at the same executions, so that one that fails or comes late loses nothing.
_LOOK_BACK_HOURS = 2
# An upload takes seconds, a failure's event less than one: what is older is worth a question to Step Functions.
_GRACE_MINUTES = 10


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:
    """`event`: the schedule's, or `hours` to look back over and `grace_minutes`; answers ids: waiting, stuck, missed.

    Raises whatever DynamoDB or Step Functions raise: the schedule comes again.
    """
    config = settings()
    dynamodb = client("dynamodb")
    incidents = Incidents(
        dynamodb,
        client("events"),
        client("sns"),
        config.image_table,
        config.failure_topic_arn,
        config.stack_name,
    )
    reconciler = Reconciler(dynamodb, client("stepfunctions"), config.image_table, incidents)
    machines = [config.process_image_arn, config.remove_image_arn]
    look_back = timedelta(hours=event.get("hours", _LOOK_BACK_HOURS))
    grace = timedelta(minutes=event.get("grace_minutes", _GRACE_MINUTES))
    report = reconciler.reconcile(machines, datetime.now(UTC), look_back, grace)
    found = len(report.stuck) + len(report.missed)
    logger.info("reconciled", extra=asdict(report))
    metrics.add_metric(name="ImagesStuck", unit=MetricUnit.Count, value=len(report.stuck))
    metrics.add_metric(name="FailuresMissed", unit=MetricUnit.Count, value=len(report.missed))
    metrics.add_metric(name="ImagesWaiting", unit=MetricUnit.Count, value=len(report.waiting))
    metrics.add_metric(name="ImagesFailedNow", unit=MetricUnit.Count, value=reconciler.count("FAILED"))
    if found:
        metrics.add_metric(name="ImagesFailed", unit=MetricUnit.Count, value=found)
    return asdict(report)
