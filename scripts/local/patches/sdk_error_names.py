"""Errors of `aws-sdk:` tasks carry the service's name as Step Functions writes it: CloudFront, not cloudfront.

moto knows only DynamoDb and Sfn, and takes the other names from the resource's ARN unchanged, so that a Catch for
`CloudFront.NoSuchDistributionException` never applies.

Upstream: moto, `moto/stepfunctions/parser/asl/component/state/exec/state_task/service/state_task_service_aws_sdk.py`.
Its `_SERVICE_ERROR_NAMES` would have `NAMES` below, and its default would start with a capital.
"""

from __future__ import annotations

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)

from local.patches.patch import replace

NAMES = {
    "cloudfront": "CloudFront",
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "secretsmanager": "SecretsManager",
}
"""Names that differ from the ARN's by more than a capital: the client names of AWS's Java SDK."""


def apply() -> None:
    """Give the names."""
    replace(StateTaskServiceAwsSdk, "_normalise_service_error_name", staticmethod(service_name))


def service_name(name: str) -> str:
    """The service's name in an error, for its name in an ARN."""
    return NAMES.get(name.lower(), name[:1].upper() + name[1:])
