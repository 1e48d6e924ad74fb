"""Puts a workflow's failure on record when Step Functions tells of it, and shows a redriven image at work again."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.aws_clients import client
from imageservice.adapters.logging import MetricUnit, logger, metrics
from imageservice.adapters.settings import settings
from imageservice.failures.failed_execution import failed_execution
from imageservice.failures.recorder import Incidents


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """`event`: a `Step Functions Execution Status Change` of ProcessImage or RemoveImage; answers what was done.

    Source: docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    change = event["detail"]
    redrives = change.get("redriveCount", 0)
    logger.append_keys(execution=change["executionArn"], image_id=None)
    described = client("stepfunctions").describe_execution(executionArn=change["executionArn"])
    # Events are late and out of order; the description may be stale, too, so only what is ahead of the event counts.
    if described["status"] == "SUCCEEDED" or described.get("redriveCount", 0) > redrives:
        logger.info("overtaken by a redrive", extra={"status": described["status"]})
        return {"outcome": "OVERTAKEN"}
    try:
        failed = failed_execution(
            change["executionArn"],
            redrives,
            change["status"],
            change.get("error"),
            change.get("cause"),
            # The event leaves an input out that is past 248 KiB.
            change.get("input") or described["input"],
        )
    except ValueError as error:
        logger.warning(str(error))
        return {"outcome": "NOT_OURS"}
    logger.append_keys(image_id=failed.upload.id)
    config = settings()
    incidents = Incidents(
        client("dynamodb"),
        client("events"),
        client("sns"),
        config.image_table,
        config.failure_topic_arn,
        config.stack_name,
    )
    if change["status"] == "RUNNING":
        resumed = incidents.resumed(failed.upload.id, failed.arn, failed.redrives)
        return {"outcome": "RESUMED" if resumed else "OVERTAKEN"}
    outcome = incidents.report(failed)
    logger.info("reported", extra={"outcome": outcome, "error": failed.failure})
    counted = {"RECORDED": "ImagesFailed", "NO_INCIDENT": "ImagesRejected"}
    if outcome in counted:
        metrics.add_metric(counted[outcome], MetricUnit.Count, 1)
    return {"outcome": outcome}
