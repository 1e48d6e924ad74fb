"""Records a workflow's failure when its event arrives, and shows a redriven image as PROCESSING again."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.logging import MetricUnit, logged, logger, metrics
from record_failure import bootstrap

_COUNTED = {"RECORDED": "ImagesFailed", "NO_INCIDENT": "ImagesRejected"}


@logged
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """`event`: a `Step Functions Execution Status Change` of ProcessImage or RemoveImage. Returns what was done."""
    change = event["detail"]
    logger.append_keys(execution=change["executionArn"], image_id=None)
    outcome, execution = bootstrap.recorder().handle(change)
    details = {"image_id": execution.upload.id, "failure": execution.failure} if execution else {}
    logger.info("handled", extra={"outcome": outcome, **details})
    if outcome in _COUNTED:
        metrics.add_metric(_COUNTED[outcome], MetricUnit.Count, 1)
    return {"outcome": outcome}
