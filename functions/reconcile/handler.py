"""Finds images stuck in PROCESSING, failures whose event was lost, and calls that were never answered.

On a schedule, when an operator asks, and when such a call comes.
"""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.awaited_call import give_up_call
from imageservice.adapters.logging import MetricUnit, logged, logger, metrics
from imageservice.adapters.sent_requests import taken_requests
from reconcile import bootstrap

# Eight runs of the schedule look at the same executions, so that a run that fails or comes late loses nothing.
_LOOK_BACK_HOURS = 2
# An upload takes seconds, a failure's event less than one: what is older is worth a question to Step Functions.
_GRACE_MINUTES = 10


@logged
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:
    """`event`: the schedule's, or `hours` to look back and `grace_minutes`. Returns ids: waiting, stuck, missed.

    Or records of the queue of lost calls; then it returns nothing. Raises what DynamoDB or Step Functions raise: the
    schedule or the queue runs it again.
    """
    if "Records" in event:
        for record in event["Records"]:
            give_up_call(record, bootstrap.states(), context.aws_request_id)
        return {}
    reconciler, table, machine_arns = bootstrap.dependencies()
    look_back = timedelta(hours=event.get("hours", _LOOK_BACK_HOURS))
    grace = timedelta(minutes=event.get("grace_minutes", _GRACE_MINUTES))
    report = reconciler.reconcile(machine_arns, datetime.now(UTC), look_back, grace)
    # A bulk upload waits in so many images that their ids are too long for a line.
    numbers = {**asdict(report), "waiting": len(report.waiting)}
    logger.info("reconciled", extra={**numbers, "requests": taken_requests()})
    counts = {
        "ImagesStuck": len(report.stuck),
        "FailuresMissed": len(report.missed),
        "ImagesWaiting": len(report.waiting),
        "ImagesFailedNow": table.count_with_status("FAILED"),
    }
    if report.stuck or report.missed:
        counts["ImagesFailed"] = len(report.stuck) + len(report.missed)
    for name, value in counts.items():
        metrics.add_metric(name, MetricUnit.Count, value)
    return asdict(report)
